// Package retry owns the loop that repeats a request: how often, how long it
// waits, and when waiting is pointless. It must not know what is requested; the
// caller classifies each outcome.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Attempts is how often a request is sent at most.
const Attempts = 4

// Again marks an error after which the request may be repeated.
type Again struct {
	Err error
	// After is the least time to wait, from a Retry-After header; 0 for none.
	After time.Duration
}

func (a *Again) Error() string { return a.Err.Error() }

// Unwrap returns the error of the attempt.
func (a *Again) Unwrap() error { return a.Err }

// waits are the least pauses before the second, third and fourth attempt; each is
// lengthened at random by up to two fifths, so that parallel jobs spread.
var waits = [Attempts - 1]time.Duration{1 * time.Second, 5 * time.Second, 25 * time.Second}

// Do calls try until it returns no Again, the attempts are used up, or the pause
// before the next one would pass the context's deadline. It returns the last
// error without its Again.
func Do(ctx context.Context, try func(context.Context) error) error {
	for attempt := 0; ; attempt++ {
		err := try(ctx)
		again, repeat := errors.AsType[*Again](err)
		if !repeat {
			return err
		}
		if attempt == len(waits) {
			return again.Err
		}
		if !Wait(ctx, max(again.After, jitter(waits[attempt]))) {
			return again.Err
		}
	}
}

func jitter(d time.Duration) time.Duration { return d + rand.N(2*d/5) } //nolint:gosec // spreads jobs, guards nothing

// Wait pauses for d and tells whether there is time left after it. When the
// context's deadline comes first it tells so at once: waiting would be pointless.
func Wait(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && d >= time.Until(deadline) {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// After reads a Retry-After header, in seconds or as a date (RFC 9110 §10.2.3);
// 0 when there is none or it cannot be read.
func After(header string, now time.Time) time.Duration {
	if s, err := strconv.Atoi(header); err == nil && s > 0 {
		const longest = 24 * 3600
		return time.Duration(min(s, longest)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
