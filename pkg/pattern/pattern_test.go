package pattern_test

import (
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

func TestLazy(t *testing.T) {
	t.Parallel()
	digits := pattern.Lazy(`^[0-9]+$`)
	first, second := digits(), digits()
	if !first.MatchString("42") || first.MatchString("42\n") {
		t.Error("it is compiled to something else")
	}
	if first != second {
		t.Error("it is compiled twice")
	}
	bad := pattern.Lazy(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a bad expression goes unnoticed")
		}
	}()
	bad()
}
