package pipeline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// errUnreadable replaces the library's error, which quotes values.
var errUnreadable = errors.New("inputs cannot be read")

// problems collects everything that is wrong with a step, so that a user sees it
// all at once.
type problems struct{ lines []string }

// add records one problem of an input, said as "name: text".
func (p *problems) add(input, format string, args ...any) {
	p.lines = append(p.lines, input+": "+fmt.Sprintf(format, args...))
}

// about records one problem of a value, unless the value still holds a macro: that is
// the problem then, and unresolved has named it.
func (p *problems) about(value, input, format string, args ...any) {
	if !macro().MatchString(value) {
		p.add(input, format, args...)
	}
}

// fault is the one AAR-INPUT fault, or nil when nothing is wrong.
func (p *problems) fault() error {
	if len(p.lines) == 0 {
		return nil
	}
	summary := "1 problem with this step's inputs"
	if n := len(p.lines); n > 1 {
		summary = strconv.Itoa(n) + " problems with this step's inputs"
	}
	return &fault.Fault{Code: fault.Input, Summary: summary, Why: strings.Join(p.lines, "\n     ")}
}

// shown is a value as a message quotes it: with Go's escapes, and only as a whole. A
// long one could be a secret that got into the wrong input, and the masker of the log
// would not know a part of it.
func shown(s string) string {
	const longest = 200
	if n := utf8.RuneCountInString(s); n > longest {
		return "a text of " + strconv.Itoa(n) + " characters"
	}
	return strconv.Quote(s)
}
