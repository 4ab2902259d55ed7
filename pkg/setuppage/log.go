package setuppage

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// maxLog bounds what is read of a pasted log, in bytes: the end of it, where a failure
// stands.
const maxLog = 1 << 20

// FromLog reads what the log of a step says of the identity that AWS turned away. It
// takes the log as the page of a run shows it and as "View raw log" gives it. A log that
// holds the link to this page needs nothing else; otherwise the lines that the task
// prints about the token are read. It returns false for a log without an identity.
func FromLog(text string) (Denial, bool) {
	lines := strings.Split(text[max(0, len(text)-maxLog):], "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	if d, ok := linked(lines); ok {
		return d, true
	}
	d := told(lines)
	return d, d.complete() && d.legible() && !strings.Contains(d.Issuer+d.Subject+d.Audience, masked)
}

// masked is what the agent writes for a value that must not be seen.
const masked = "***"

// linked takes the last link of a log.
func linked(lines []string) (found Denial, ok bool) {
	for _, line := range lines {
		_, fragment, here := strings.Cut(line, "/_settings/")
		if !here {
			continue
		}
		_, fragment, _ = strings.Cut(fragment, "#")
		fragment, _, _ = strings.Cut(fragment, " ")
		if d, valid := FromFragment(fragment); valid {
			found, ok = d, true
		}
	}
	return found, ok
}

var (
	timestamp = pattern.Lazy(`^\x{FEFF}?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ?`)
	colour    = pattern.Lazy(`\x1b\[[0-9;]*m`)
	inPieces  = pattern.Lazy(`"[^"]*"(?: \+ "[^"]*")+`)
)

// plain is a line without what the agent puts before it, and with values that the task
// writes in pieces put together again.
func plain(line string) string {
	line = timestamp().ReplaceAllString(strings.TrimRight(line, "\r"), "")
	line = colour().ReplaceAllString(line, "")
	line = strings.TrimPrefix(line, "##[error]")
	return inPieces().ReplaceAllStringFunc(line, func(s string) string { return strings.ReplaceAll(strings.Trim(s, `"`), `" + "`, "") })
}

var (
	faultCode = pattern.Lazy(`^(AAR-[A-Z0-9-]+): `)
	labelled  = pattern.Lazy(`^\s*(role|issuer|issuer \(provider URL\)|client id, :aud|:oaud|:sub):\s+(\S.*?)\s*$`)
	keys      = pattern.Lazy(`^AWS (?:condition keys|sees):\s+:?aud = (.+?)(?:, :?oaud = (.+?))?, :?sub = (.+?)\s*$`)
)

// told reads the lines about the token. Of several tokens, such as those of an exchange
// at Entra, the last is the one that AWS saw.
func told(lines []string) Denial {
	var d Denial
	for _, line := range lines {
		if m := faultCode().FindStringSubmatch(line); m != nil {
			d.Code = m[1]
		}
		if m := keys().FindStringSubmatch(line); m != nil {
			d.Audience, d.OriginalAudience, d.Subject = m[1], m[2], m[3]
		}
		if m := labelled().FindStringSubmatch(line); m != nil {
			d.set(m[1], m[2])
		}
	}
	return d
}

func (d *Denial) set(label, value string) {
	switch label {
	case "role":
		d.Role, _, _ = strings.Cut(value, " ")
	case "issuer", "issuer (provider URL)":
		d.Issuer = value
	case "client id, :aud":
		d.Audience = value
	case ":oaud":
		d.OriginalAudience = value
	case ":sub":
		d.Subject = value
	}
}
