package exchange

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// attempts is how often a request is sent at most.
const attempts = 4

// waits are the least pauses before the second, third and fourth attempt; each is
// lengthened at random by up to two fifths, so that parallel jobs spread.
var waits = [attempts - 1]time.Duration{1 * time.Second, 5 * time.Second, 25 * time.Second}

// Retry is a request that failed and is about to be repeated.
type Retry struct {
	// Request names the request in words, such as "token request".
	Request string
	// Fault is what the last attempt met.
	Fault *fault.Fault
	// Wait is the pause before the next attempt; 0 when there is none.
	Wait time.Duration
	// Attempt is the number of the next attempt, of Attempts in all.
	Attempt, Attempts int
}

// patience repeats requests of one kind and tells of each repetition.
type patience struct {
	request  string
	now      func() time.Time
	retrying func(Retry)
}

// patience is that of this run for requests of one kind.
func (r *run) patience(request string) patience {
	return patience{request, r.opt.Now, r.opt.Retrying}
}

// repeat calls try until it succeeds, fails for another reason than one that passes, the
// attempts are used up, or the pause before the next one would pass the context's
// deadline. A fault after several attempts says how many there were and how long they took.
func repeat[T any](ctx context.Context, p patience, try func(context.Context) (T, error)) (T, error) {
	began := p.now()
	for attempt := 0; ; attempt++ {
		v, err := try(ctx)
		f, _ := fault.As(err)
		if f == nil || f.Retry != fault.Soon || attempt == len(waits) {
			return v, counted(err, attempt+1, p.now().Sub(began))
		}
		wait := max(f.After, jitter(waits[attempt]))
		if !timeFor(ctx, wait) {
			return v, counted(err, attempt+1, p.now().Sub(began))
		}
		p.retrying(Retry{p.request, f, wait, attempt + 2, attempts})
		if !pause(ctx, wait) {
			return v, counted(err, attempt+1, p.now().Sub(began))
		}
	}
}

// counted adds to a fault how often the request was sent, when it was sent again.
func counted(err error, sent int, took time.Duration) error {
	f, ok := fault.As(err)
	if !ok || sent < 2 {
		return err
	}
	g := *f
	g.Details = append(append([]string{}, f.Details...), fmt.Sprintf("attempts: %d in %s", sent, took.Round(time.Second)))
	return &g
}

func jitter(d time.Duration) time.Duration { return d + rand.N(2*d/5) } //nolint:gosec // spreads jobs, guards nothing

// timeFor reports whether the context's deadline leaves time after a pause.
func timeFor(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || d < time.Until(deadline))
}

// pause waits for d and reports whether it ran to its end.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
