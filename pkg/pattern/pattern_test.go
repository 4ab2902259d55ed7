package pattern_test

import (
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

func TestLazy(t *testing.T) {
	t.Parallel()
	digits := pattern.Lazy(`^[0-9]+$`)
	if !digits().MatchString("42") || digits().MatchString("42\n") || digits() != digits() {
		t.Error("not compiled once, or to something else")
	}
	bad := pattern.Lazy(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a bad expression goes unnoticed")
		}
	}()
	bad()
}
