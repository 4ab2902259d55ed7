package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// sample are the times of one command, in the order of the runs.
type sample []time.Duration

// part is the time below which a part of the runs stayed, in quarters.
func (s sample) part(quarters int) time.Duration {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(s)*quarters/4]
}

func (s sample) median() time.Duration { return s.part(2) }

// spread are the lower and the upper quartile.
func (s sample) spread() string {
	return strings.TrimSuffix(ms(s.part(1)), " ms") + "–" + ms(s.part(3))
}

// over is what each run took longer than the other command's in the same round. Its
// median moves less with the load of the machine than a difference of medians.
func (s sample) over(other sample) sample {
	more := make(sample, len(s))
	for i := range s {
		more[i] = s[i] - other[i]
	}
	return more
}

// command is a program with all that it is started with.
type command struct {
	args []string
	env  []string
	// exchanges is how often it gets credentials from the STS stand-in; shared tells that
	// all who run at once get them together.
	exchanges int
	shared    bool
}

// run runs the command once, and wants it to end well.
func (b *bench) run(ctx context.Context, c command) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	// A file needs no helper of this process to be written, as a buffer would.
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, b.log, b.log
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if err != nil {
		return took, fmt.Errorf("running %s: %w\n%s", filepath.Base(c.args[0]), err, b.printed())
	}
	return took, nil
}

// printed is the end of what the programs have printed.
func (b *bench) printed() []byte {
	const most = 2000
	text, _ := os.ReadFile(b.log.Name())
	return text[max(0, len(text)-most):]
}

// action is something that takes time, once or several times over.
type action func(context.Context) ([]time.Duration, error)

// alone runs a command.
func (b *bench) alone(c command) action { return b.together(c, 1) }

// together runs a command n times at once and returns the time of each.
func (b *bench) together(c command, n int) action {
	return func(ctx context.Context) ([]time.Duration, error) {
		b.world.Reset()
		took, failed := make(chan time.Duration, n), make(chan error, n)
		for range n {
			go func() {
				d, err := b.run(ctx, c)
				took <- d
				failed <- err
			}()
		}
		var all []time.Duration
		var err error
		for range n {
			all = append(all, <-took)
			if e := <-failed; e != nil {
				err = e
			}
		}
		if err == nil {
			err = b.check(c, n)
		}
		return all, err
	}
}

// check makes sure that the programs did what is measured: the task says in its log that
// it failed, and ends with 0 as well.
func (b *bench) check(c command, n int) error {
	want := c.exchanges * n
	if c.shared {
		want = c.exchanges
	}
	if got := b.granted(); got != want {
		return fmt.Errorf("%s got credentials %d times, not %d\n%s", filepath.Base(c.args[0]), got, want, b.printed())
	}
	return nil
}

// alternate runs actions in turn, each in every round, and returns a sample of each. One
// more round goes before, to warm caches up.
func alternate(ctx context.Context, rounds int, actions ...action) ([]sample, error) {
	if _, err := inTurn(ctx, 1, actions); err != nil {
		return nil, err
	}
	return inTurn(ctx, rounds, actions)
}

func inTurn(ctx context.Context, rounds int, actions []action) ([]sample, error) {
	samples := make([]sample, len(actions))
	for range rounds {
		for i, act := range actions {
			took, err := act(ctx)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], took...)
		}
	}
	return samples, nil
}
