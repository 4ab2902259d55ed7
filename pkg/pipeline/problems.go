package pipeline

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// errUnreadable replaces the library's error, which quotes values.
var errUnreadable = errors.New("inputs cannot be read")

// problems collects everything that is wrong with a step, so that a user sees it
// all at once.
type problems struct {
	quoter
	lines []string
	// inputs are those that have a problem.
	inputs map[string]bool
}

// add records one problem of an input, said as "name: text".
func (p *problems) add(input, format string, args ...any) {
	p.lines = append(p.lines, input+": "+fmt.Sprintf(format, args...))
	if p.inputs == nil {
		p.inputs = map[string]bool{}
	}
	p.inputs[input] = true
}

// consequence records a problem unless the input has one already, of which it follows.
func (p *problems) consequence(input, text string) {
	if !p.inputs[input] {
		p.add(input, "%s", text)
	}
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
	return &fault.Fault{Code: fault.Input, Summary: summary, Why: fault.Lines(p.lines)}
}
