package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

var errTry = errors.New("try")

// count runs repeat on attempts that all fail and tells how often it tried and how
// long it took.
func count(ctx context.Context, after time.Duration, soon bool) (tries int, took time.Duration, err error) {
	start := time.Now()
	_, err = repeat(ctx, patience{"token request", time.Now, func(Retry) {}}, func(context.Context) (struct{}, error) {
		tries++
		if soon {
			return struct{}{}, &fault.Fault{Code: fault.STSUnavailable, Retry: fault.Soon, After: after, Cause: errTry}
		}
		return struct{}{}, errTry
	})
	return tries, time.Since(start), err
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		deadline, after time.Duration
		soon            bool
		tries           int
		least, most     time.Duration
	}{
		"permanent":                        {120 * time.Second, 0, false, 1, 0, 0},
		"all attempts":                     {120 * time.Second, 0, true, 4, 31 * time.Second, 44 * time.Second},
		"deadline before the last pause":   {20 * time.Second, 0, true, 3, 6 * time.Second, 9 * time.Second},
		"Retry-After lengthens":            {120 * time.Second, 30 * time.Second, true, 4, 90 * time.Second, 95 * time.Second},
		"Retry-After beyond the time left": {120 * time.Second, 3600 * time.Second, true, 1, 0, 0},
		"Retry-After up to the deadline":   {60 * time.Second, 60 * time.Second, true, 1, 0, 0},
		"time for one more":                {60*time.Second + 1, 60 * time.Second, true, 2, 60 * time.Second, 60 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				tries, took, err := count(ctx, tt.after, tt.soon)
				if tries != tt.tries {
					t.Errorf("%d attempts, want %d", tries, tt.tries)
				}
				if took < tt.least || took > tt.most {
					t.Errorf("the attempts took %v, want %v to %v", took, tt.least, tt.most)
				}
				if !errors.Is(err, errTry) {
					t.Errorf("the error is %v, want the last attempt's", err)
				}
				if counted := fmt.Sprintf("attempts: %d in %v", tt.tries, took.Round(time.Second)); tt.tries > 1 && attemptsOf(err) != counted {
					t.Errorf("the attempts are counted as %q, want %q", attemptsOf(err), counted)
				}
				if tt.tries == 1 && attemptsOf(err) != "" {
					t.Errorf("one attempt is counted as %q", attemptsOf(err))
				}
			})
		})
	}
}

// attemptsOf is the count of attempts in an error; empty when it has none.
func attemptsOf(err error) string {
	f, ok := fault.As(err)
	if !ok || len(f.Details) == 0 {
		return ""
	}
	return f.Details[len(f.Details)-1]
}

func TestRepeatStopsWhenCanceled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		tries, took, err := count(ctx, 0, true)
		if tries != 2 || took != 3*time.Second {
			t.Errorf("%d attempts in %v, want 2 in 3s", tries, took)
		}
		if !errors.Is(err, errTry) {
			t.Errorf("the error is %v, want the last attempt's", err)
		}
		if got := attemptsOf(err); got != "attempts: 2 in 3s" {
			t.Errorf("the attempts are counted as %q", got)
		}
	})
}

func TestRepeatReturnsTheFirstSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		got, err := repeat(t.Context(), patience{"token request", time.Now, func(Retry) {}}, func(context.Context) (string, error) {
			if tries++; tries < 3 {
				return "", &fault.Fault{Code: fault.STSUnavailable, Retry: fault.Soon}
			}
			return "answer", nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got != "answer" || tries != 3 {
			t.Errorf("%q after %d attempts, want the answer after 3", got, tries)
		}
	})
}

// TestEveryRepetitionIsTold before its pause, and counted in the fault.
func TestEveryRepetitionIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []Retry
		down := &fault.Fault{Code: fault.STSUnavailable, Summary: "down", Retry: fault.Soon, After: 26 * time.Second, Details: []string{"HTTP status: 503"}}
		p := patience{"first role", time.Now, func(r Retry) { told = append(told, r) }}
		_, err := repeat(t.Context(), p, func(context.Context) (struct{}, error) { return struct{}{}, down })
		if len(told) != attempts-1 {
			t.Fatalf("told of %d repetitions: %+v", len(told), told)
		}
		if first := told[0]; first != (Retry{"first role", down, 26 * time.Second, 2, 4}) {
			t.Errorf("the first is told as %+v", first)
		}
		f, _ := fault.As(err)
		if !slices.Contains(f.Details, "HTTP status: 503") {
			t.Errorf("details lost: %q", f.Details)
		}
		if last := f.Details[len(f.Details)-1]; !strings.HasPrefix(last, "attempts: 4 in 1m") {
			t.Errorf("the attempts are counted as %q", last)
		}
		if len(down.Details) != 1 {
			t.Errorf("the fault of one attempt was changed: %q", down.Details)
		}
	})
}
