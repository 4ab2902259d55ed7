package exchange

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// attempts is how often a request is sent at most.
const attempts = 4

// waits are the least pauses before the second, third and fourth attempt; each is
// lengthened at random by up to two fifths, so that parallel jobs spread.
var waits = [attempts - 1]time.Duration{1 * time.Second, 5 * time.Second, 25 * time.Second}

// repeat calls try until it succeeds, fails for another reason than one that passes, the
// attempts are used up, or the pause before the next one would pass the context's
// deadline.
func repeat[T any](ctx context.Context, try func(context.Context) (T, error)) (T, error) {
	for attempt := 0; ; attempt++ {
		v, err := try(ctx)
		f, _ := fault.As(err)
		if f == nil || f.Retry != fault.Soon || attempt == len(waits) || !pause(ctx, max(f.After, jitter(waits[attempt]))) {
			return v, err
		}
	}
}

func jitter(d time.Duration) time.Duration { return d + rand.N(2*d/5) } //nolint:gosec // spreads jobs, guards nothing

// pause waits for d and reports whether there is time left after it. When the
// context's deadline comes first it says so at once: waiting would be pointless.
func pause(ctx context.Context, d time.Duration) bool {
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
