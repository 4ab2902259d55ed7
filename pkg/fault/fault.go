// Package fault owns the error type that users read and the catalogue of its
// codes. It must not know where an error came from or how it is rendered to a
// pipeline; a fault says what happened, why, and what to do about it.
package fault

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// DocBase is the page that has one heading per Code.
const DocBase = "https://github.com/assume-aws-role/assume-aws-role/blob/main/docs/troubleshooting.md"

// Code is the stable name of a failure: AAR- and upper-case words. A Code never
// changes its meaning; scripts and searches rely on it.
type Code string

// Anchor is the heading of the Code in docs/troubleshooting.md.
func (c Code) Anchor() string { return strings.ToLower(string(c)) }

// URL is the documentation of the Code.
func (c Code) URL() string { return DocBase + "#" + c.Anchor() }

// Fault is a failure as a user reads it. None of its texts may hold a secret, a
// response body as it came, or a URL with a query.
type Fault struct {
	// Code is the stable name.
	Code Code
	// Summary says what failed, in one line without a final period.
	Summary string
	// Why says what is known of the cause; empty when the summary says it all.
	Why string
	// Remedy lists what to do, most likely first. Empty: the catalogue's remedy, which no
	// code is without.
	Remedy []string
	// Details are facts for a support request: status, request ids, claims.
	Details []string
	// Cause is the technical error, for errors.Is and errors.As; never printed or stored.
	Cause error `json:"-"`
	// Retry says what may help, and After the least time to wait before it.
	Retry Retry         `json:"-"`
	After time.Duration `json:"-"`
}

// Retry is what may help after a failure.
type Retry int

// FreshToken: once, with a newly issued token. Propagation: for a while, when the
// role or provider was created just now.
const (
	Never Retry = iota
	Soon
	FreshToken
	Propagation
)

// Error is the first line of the message.
func (f *Fault) Error() string { return string(f.Code) + ": " + f.Summary }

// Brief is the failure in one clause for a line that is about something else: the summary
// and, where one is known, the HTTP status or the cause. A status says nothing of a
// connection that broke off.
func (f *Fault) Brief() string {
	for _, d := range f.Details {
		if status, ok := strings.CutPrefix(d, "HTTP status: "); ok && !strings.HasSuffix(string(f.Code), "-UNREACHABLE") {
			return f.Summary + " (HTTP status " + status + ")"
		}
	}
	if f.Why != "" {
		return f.Summary + " (" + strings.TrimSuffix(f.Why, ".") + ")"
	}
	return f.Summary
}

// Unwrap returns the technical cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Message is the whole text: what, why, what to do, details, and where to read on.
func (f *Fault) Message() string {
	lines := []string{f.Error()}
	if f.Why != "" {
		lines = append(lines, "Why: "+f.Why)
	}
	remedy := f.Remedy
	if len(remedy) == 0 {
		remedy = Remedy(f.Code)
	}
	lines = append(lines, "What to do:")
	for _, r := range remedy {
		lines = append(lines, "- "+forSystem(runtime.GOOS, r))
	}
	lines = append(lines, f.Details...)
	return strings.Join(append(lines, "More: "+f.Code.URL()), "\n")
}

// forSystem is a remedy with the name that the agent's configuration script has on a
// system.
func forSystem(goos, remedy string) string {
	if goos == "windows" {
		return strings.ReplaceAll(remedy, "./config.sh", `.\config.cmd`)
	}
	return remedy
}

// Of returns the first Fault in err's chain, and makes one of AAR-INTERNAL with the
// summary for an error that has none.
func Of(err error, summary string) *Fault {
	if f, ok := As(err); ok {
		return f
	}
	return &Fault{Code: Internal, Summary: summary, Cause: err}
}

// As returns the first Fault in err's chain.
func As(err error) (*Fault, bool) { return errors.AsType[*Fault](err) }

// maxLines bounds the problems that one fault lists.
const maxLines = 50

// Lines are several problems as the Why of a fault: one a line, at most 50 of them, of
// which the last says how many there are beyond.
func Lines(problems []string) string {
	if len(problems) > maxLines {
		rest := len(problems) - maxLines + 1
		problems = append(slices.Clone(problems[:maxLines-1]), fmt.Sprintf("and %d more", rest))
	}
	return strings.Join(problems, "\n     ")
}
