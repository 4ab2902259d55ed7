//go:build linux

package windows_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
)

// TestParallelRenewals starts callers at once while AWS STS is slow: those that wait
// for the renewal must all get what it brings. It runs alone in this package: one server
// of Wine's answers every call of every program, and the callers have 43 s each.
func TestParallelRenewals(t *testing.T) {
	callers, delay := 50, "sts:delay=4s"
	a := newAgent(t, "agent")
	a.profile()
	state, id := a.state()
	if err := guest.Expire(state, 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := a.World.SetFaults(delay); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(a.directory(), "assume-aws-role.exe")
	answers := make([]string, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			out, err := a.command(nil, program, "credential-process", id)
			if err != nil || !strings.HasPrefix(out, `{"Version":1,`) {
				t.Errorf("caller %d: %v: %s", i, err, out)
			}
			answers[i] = out
		})
	}
	wg.Wait()
	different := map[string]bool{}
	for _, answer := range answers {
		different[answer] = true
	}
	if len(different) != 1 {
		t.Errorf("%d different answers, want 1", len(different))
	}
	if got := a.Assumed(); got != 2 {
		t.Errorf("%d calls of AWS STS, want 2: the step's and one renewal", got)
	}
	a.endsClean()
}
