package pipeline

import (
	"testing"
	"time"
)

// TestTimeout bounds a step from its start, also when the input is wrong: what is wrong
// is said later.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]time.Duration{"": 120, " 5 ": 5, "600": 600, "4": 120, "601": 120, "1m": 120, "$(x)": 120} {
		lookup := func(name string) (string, bool) { return input, name == "INPUT_TIMEOUTSECONDS" }
		if got := Timeout(lookup); got != want*time.Second {
			t.Errorf("%q: %s, want %d s", input, got, want)
		}
	}
}
