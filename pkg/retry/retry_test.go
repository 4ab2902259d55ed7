package retry

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

var errTry = errors.New("try")

// count runs Do on attempts that all fail and tells how often it tried and how
// long it took.
func count(ctx context.Context, after time.Duration, repeat bool) (tries int, took time.Duration, err error) {
	start := time.Now()
	err = Do(ctx, func(context.Context) error {
		tries++
		if repeat {
			return &Again{Err: errTry, After: after}
		}
		return errTry
	})
	return tries, time.Since(start), err
}

func TestDo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		deadline, after time.Duration
		repeat          bool
		tries           int
		least, most     time.Duration
	}{
		"permanent":                        {120 * time.Second, 0, false, 1, 0, 0},
		"all attempts":                     {120 * time.Second, 0, true, 4, 31 * time.Second, 44 * time.Second},
		"deadline before the last pause":   {20 * time.Second, 0, true, 3, 6 * time.Second, 9 * time.Second},
		"Retry-After lengthens":            {120 * time.Second, 30 * time.Second, true, 4, 90 * time.Second, 95 * time.Second},
		"Retry-After beyond the time left": {120 * time.Second, 3600 * time.Second, true, 1, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				tries, took, err := count(ctx, tt.after, tt.repeat)
				if tries != tt.tries || took < tt.least || took > tt.most {
					t.Errorf("%d attempts in %v, want %d in %v to %v", tries, took, tt.tries, tt.least, tt.most)
				}
				if err != errTry { //nolint:errorlint // the wrapper must be gone
					t.Errorf("err = %#v", err)
				}
			})
		})
	}
}

func TestDoStopsWhenCanceled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		tries, took, err := count(ctx, 0, true)
		if tries != 2 || took != 3*time.Second || !errors.Is(err, errTry) {
			t.Errorf("%d attempts in %v: %v", tries, took, err)
		}
	})
}

func TestDoReturnsTheFirstSuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := Do(t.Context(), func(context.Context) error {
			if tries++; tries < 3 {
				return &Again{Err: errTry}
			}
			return nil
		})
		if err != nil || tries != 3 {
			t.Errorf("%d attempts: %v", tries, err)
		}
	})
}

func TestAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "x": 0, "1.5": 0, "7": 7 * time.Second,
		"999999999":            24 * time.Hour,
		"99999999999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := After(header, now); got != want {
			t.Errorf("After(%q) = %v, want %v", header, got, want)
		}
	}
}
