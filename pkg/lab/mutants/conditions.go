package mutants

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// hanging is when a run of a package's tests counts as hanging here.
const hanging = 5 * time.Minute

// changes are the default operators of gremlins.
var changes = map[string]map[string]string{
	"ARITHMETIC_BASE":       {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"},
	"CONDITIONALS_BOUNDARY": {"<": "<=", "<=": "<", ">": ">=", ">=": ">"},
	"CONDITIONALS_NEGATION": {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"},
	"INCREMENT_DECREMENT":   {"++": "--", "--": "++"},
	"INVERT_NEGATIVES":      {"-": "+"},
}

// conditions tries what gremlins takes for not covered. Go's coverage has no block for the
// condition of a case nor for a declaration outside functions, so gremlins never tries
// these. What the tests do not notice stays not covered.
func (t Trial) conditions(ctx context.Context, r *Result) error {
	var left []Mutant
	for _, m := range r.NotCovered {
		noticed, err := t.noticed(ctx, m)
		if err != nil {
			return err
		}
		if noticed {
			r.Killed++
		} else {
			left = append(left, m)
		}
	}
	r.NotCovered = left
	return nil
}

// noticed reports whether the tests of the mutant's package build and fail with it.
func (t Trial) noticed(ctx context.Context, m Mutant) (bool, error) {
	path := filepath.Join(t.Root, filepath.FromSlash(m.File))
	source, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	changed, err := m.apply(source)
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		return false, err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-failfast", "-timeout", hanging.String(), "./"+filepath.Dir(m.File))
	cmd.Dir = t.Root
	cmd.Env = append(os.Environ(), goFlags)
	out, failed := cmd.CombinedOutput()
	if err := os.WriteFile(path, source, 0o644); err != nil {
		return false, err
	}
	return failed != nil && !bytes.Contains(out, []byte("[build failed]")), ctx.Err()
}

// apply is the source with the mutant in it.
func (m Mutant) apply(source []byte) ([]byte, error) {
	_, rest, _ := strings.Cut(m.Source, "«")
	old, _, _ := strings.Cut(rest, "»")
	change, known := changes[m.Operator][old]
	if !known {
		return nil, fmt.Errorf("%s: the operator is unknown", m)
	}
	lines := bytes.Split(source, []byte("\n"))
	line := lines[m.Line-1]
	lines[m.Line-1] = bytes.Join([][]byte{line[:m.Column-1], []byte(change), line[m.Column-1+len(old):]}, nil)
	return bytes.Join(lines, []byte("\n")), nil
}
