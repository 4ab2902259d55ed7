package windows_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// expire moves the times of the profile's state into the past.
func (a *agent) expire(by time.Duration) {
	a.t.Helper()
	path := filepath.Join(a.wine.LinuxPath(a.directory()), "state-"+a.id()+".json")
	data, err := os.ReadFile(path)
	if err != nil {
		a.t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(data, &state); err != nil {
		a.t.Fatal(err)
	}
	for _, name := range []string{"issued", "expires"} {
		text, _ := state[name].(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			a.t.Fatal(err)
		}
		state[name] = at.Add(-by)
	}
	data, err = json.Marshal(state)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// TestParallelRenewals starts callers at once while AWS STS is slow: those that wait
// for the renewal must all get what it brings.
func TestParallelRenewals(t *testing.T) {
	t.Parallel()
	callers, delay := 50, "sts:delay=4s"
	a := newAgent(t, "agent", 0)
	a.profile()
	a.expire(2 * time.Hour)
	if err := a.world.SetFaults(delay); err != nil {
		t.Fatal(err)
	}
	program := a.wine.LinuxPath(a.directory()) + "/assume-aws-role.exe"
	id := a.id()
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
	if got := a.requests("AssumeRoleWithWebIdentity"); got != 2 {
		t.Errorf("%d calls of AWS STS, want 2: the step's and one renewal", got)
	}
	if out := a.post(); out != "" {
		t.Errorf("the post-job part said: %s", out)
	}
	if left := a.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
