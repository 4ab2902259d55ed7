package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

// The agent replaces every secret variable and most parameters of a connection by ***
// wherever they stand in the log, also within a role, an issuer or a subject, which are no
// secrets and have to be pasted. Such values, and no others, are written so that they
// survive: in a line as quoted pieces of which none holds a masked value, in JSON with one
// character of each masked value escaped. A session's name is not among them: it may come
// from an input.

// shortestMasked is the length of the shortest masked value that can be parted, in bytes.
// One of a single character garbles the log whatever is written.
const shortestMasked = 2

// shortestParameter is the length of the shortest parameter of a connection that is taken
// for a role, an issuer, a subject or a client id.
const shortestParameter = 6

// masks are the texts that the agent replaces, in the forms that its masker derives
// (microsoft/azure-pipelines-agent src/Agent.Worker/Worker.cs, and
// src/Microsoft.VisualStudio.Services.Agent/HostContext.cs).
func (r Run) masks() []string {
	values := slices.Clone(r.Plan.Masked)
	for _, s := range r.Masked {
		values = append(values, s.Reveal())
	}
	var out []string
	for _, v := range values {
		for _, form := range []string{v, strings.Trim(v, "\r\n "), strings.Trim(v, `"'`), jsonText(v), strings.ReplaceAll(url.QueryEscape(v), "+", "%20")} {
			if len(form) >= shortestMasked && !slices.Contains(out, form) {
				out = append(out, form)
			}
		}
	}
	return out
}

// jsonText is a text as it stands between the quotes of a JSON string.
func jsonText(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return s
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// told are the values that are printed on purpose: roles, their accounts, and claims.
func (r Run) told() []string {
	out := []string{r.Plan.Role.ARN.String(), string(r.Plan.Role.ARN.Account), string(r.Plan.Target().Account), roleSession(r.Result.First.AssumedRoleARN), roleSession(r.Result.Session.AssumedRoleARN)}
	if c := r.Plan.Chain; c != nil {
		out = append(out, c.ARN.String())
	}
	if e := r.Plan.Entra; e != nil {
		out = append(out, e.Audience)
	}
	for _, c := range []*claims.UnverifiedClaims{r.Result.Pipeline, r.Result.Identity, r.Result.Presented} {
		if c != nil {
			out = append(out, claimTexts(*c)...)
		}
	}
	for _, v := range r.Plan.Masked {
		if len(v) >= shortestParameter {
			out = append(out, v)
		}
	}
	return out
}

// roleSession is the ARN of a session up to the session's name.
func roleSession(arn string) string { return arn[:strings.LastIndexByte(arn, '/')+1] }

func claimTexts(c claims.UnverifiedClaims) []string {
	out := append([]string{c.Issuer, c.Subject, c.AuthorizedParty}, c.Audience...)
	for _, v := range c.Raw {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// Kept are the masked values that occur in what is told: all that a renewal, whose
// messages the agent masks, too, has to know of them.
func (r Run) Kept() []string {
	var out []string
	told := strings.Join(r.told(), "\n")
	for _, m := range r.masks() {
		if strings.Contains(told, m) {
			out = append(out, m)
		}
	}
	return out
}

// readable takes known secrets out of a text that a service had a hand in, whatever their
// spelling, and writes the values that are told in pieces where the agent would mask them.
func (r Run) readable(text string) string {
	text = r.Result.Known.Remove(text)
	masks := r.masks()
	if len(masks) == 0 {
		return text
	}
	var pairs []string
	told := r.told()
	slices.SortFunc(told, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	for _, v := range slices.Compact(told) {
		if cut := r.pieces(v, masks); cut != v {
			pairs = append(pairs, `"`+v+`"`, cut, v, cut)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (r Run) allReadable(texts []string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, r.readable(text))
	}
	return out
}

// pieces cuts a value into quoted pieces, none of which holds a masked text.
func (r Run) pieces(v string, masks []string) string {
	cuts := []int{0}
	for spans := r.open(v, occurrences(v, masks)); len(spans) > 0; {
		at := cmp.Or(cut(v, common(spans)), cut(v, spans[0]))
		if at > 0 {
			cuts = append(cuts, at)
		}
		spans = slices.DeleteFunc(spans[1:], func(s span) bool { return s.from < at })
	}
	if len(cuts) == 1 {
		return v
	}
	var quoted []string
	for i, from := range cuts {
		quoted = append(quoted, `"`+v[from:append(cuts[i+1:], len(v))[0]]+`"`)
	}
	return strings.Join(quoted, " + ")
}

// span is a part of a text.
type span struct{ from, to int }

// occurrences are the places of masked texts, overlapping ones included, by their ends.
func occurrences(text string, masks []string) []span {
	var out []span
	for _, m := range masks {
		for at := 0; ; at++ {
			i := strings.Index(text[at:], m)
			if i < 0 {
				break
			}
			at += i
			out = append(out, span{at, at + len(m)})
		}
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Or(a.to-b.to, b.from-a.from) })
	return out
}

// open drops the occurrences that must stay masked: an account id, when the step is asked
// to mask it.
func (r Run) open(text string, spans []span) []span {
	if !r.Plan.MaskAccountID {
		return spans
	}
	return slices.DeleteFunc(spans, func(s span) bool {
		return strings.Trim(text[s.from:s.to], "0123456789") == ""
	})
}

// common is the part that the first of several spans, sorted by their ends, shares with as
// many of the next ones as possible.
func common(spans []span) span {
	shared := spans[0]
	for _, s := range spans[1:] {
		if s.from >= shared.to-1 {
			break
		}
		shared.from = max(shared.from, s.from)
	}
	return shared
}

// cut is where a value is parted within a span: after the last separator, so that an
// account id stays whole, or in the middle; 0 where it cannot be.
func cut(v string, s span) int {
	if i := strings.LastIndexAny(v[s.from:s.to-1], "/:"); i >= 0 {
		return s.from + i + 1
	}
	for at := s.from + (s.to-s.from)/2; at > s.from; at-- {
		if utf8.RuneStart(v[at]) {
			return at
		}
	}
	return 0
}

// readableLink writes one character of each masked text in the path of a link as its
// percent-encoding, which leads to the same page.
func (r Run) readableLink(link string) string {
	address, fragment, _ := strings.Cut(link, "#")
	scheme := strings.Index(address, "://") + len("://")
	host := scheme + max(0, strings.IndexByte(address[scheme:], '/'))
	path, from := address[host:], 0
	var b strings.Builder
	for _, s := range r.open(path, occurrences(path, r.masks())) {
		at := (s.from + s.to) / 2
		if s.from < from || path[at] == '/' || strings.Contains(path[s.from:s.to], "%") {
			continue
		}
		b.WriteString(path[from:at] + fmt.Sprintf("%%%02X", path[at]))
		from = at + 1
	}
	return address[:host] + b.String() + path[from:] + "#" + fragment
}
