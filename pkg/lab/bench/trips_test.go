package bench

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// task runs the task's mode in this process, in a world, and returns its log.
func task(ctx context.Context, t *testing.T, world *sandbox.Sandbox, o sandbox.EnvOptions, inputs map[string]string) string {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	var log bytes.Buffer
	cli.Run(ctx, cli.Env{
		Args: []string{"task"}, Lookup: lookupOf(b.environment(world, o, inputs)), Stdin: strings.NewReader(""),
		Stdout: &log, Stderr: &log, Now: time.Now, Version: "test", Executable: os.Executable,
	})
	return log.String()
}

// meeting holds the answers to token requests back until everything has come that must not
// wait for them: the other token request, and the connections to the services that are
// asked next.
type meeting struct {
	mu      sync.Mutex
	missing []string
	came    []string
	all     chan struct{}
}

func newMeeting(expected ...string) *meeting {
	return &meeting{missing: expected, all: make(chan struct{})}
}

// arrive notes who came, and returns when all expected ones have, or the context ends.
func (m *meeting) arrive(ctx context.Context, who string) {
	m.mu.Lock()
	m.came = append(m.came, who)
	if i := slices.Index(m.missing, who); i >= 0 {
		if m.missing = slices.Delete(m.missing, i, i+1); len(m.missing) == 0 {
			close(m.all)
		}
	}
	m.mu.Unlock()
	if who != tokenRequest {
		return
	}
	select {
	case <-m.all:
	case <-ctx.Done():
	}
}

const tokenRequest = "token request"

// TestRoundTrips holds the budget of round trips without a clock. A token request waits
// until the connections to STS and Entra are being made, so what they cost is not on the
// critical path; what is left of it is counted: a connection (2), and the requests that
// follow one another.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, kind := range exchangeKinds(newWorld(t, nil)) {
		t.Run(kind.what, func(t *testing.T) {
			t.Parallel()
			tokens, entra := 1, 0
			expected := []string{tokenRequest, "sts.eu-west-1.amazonaws.com"}
			if kind.inputs["INPUT_REQUIREDCLAIMS"] != "" {
				tokens, expected = 2, append(expected, tokenRequest)
			}
			if kind.inputs["INPUT_ENTRAAUDIENCE"] != "" {
				entra, expected = 1, append(expected, "login.microsoftonline.com")
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			m := newMeeting(expected...)
			world := newWorld(t, func(leg, host string) {
				switch leg {
				case sandbox.LegADO:
					m.arrive(ctx, tokenRequest)
				case sandbox.LegProxy:
					m.arrive(ctx, host)
				}
			})
			log := task(ctx, t, world, proxied, kind.inputs)
			if strings.Contains(log, "task.complete") {
				t.Fatalf("the task failed; waited for in vain: %v\n%s", m.missing, log)
			}
			sts := len(world.Requests(sandbox.LegSTS))
			if got := 2 + 1 + entra + sts; got != kind.trips {
				t.Errorf("%d round trips, want %d", got, kind.trips)
			}
			if got := len(world.Requests(sandbox.LegADO)); got != tokens {
				t.Errorf("%d token requests, want %d", got, tokens)
			}
			if got := len(world.Requests(sandbox.LegEntra)); got != entra {
				t.Errorf("%d requests to Entra, want %d", got, entra)
			}
			if got, want := len(world.Requests(sandbox.LegProxy)), tokens+entra+1; got != want {
				t.Errorf("%d connections, want %d: one for each service, and one for a token request beside another", got, want)
			}
		})
	}
}

func newWorld(t *testing.T, before func(leg, host string)) *sandbox.Sandbox {
	t.Helper()
	cfg := sandbox.Default()
	cfg.Before = before
	world, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	return world
}

// TestPermanentErrorsAreToldAtOnce counts the requests until a refusal is told that another
// request would only repeat.
func TestPermanentErrorsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	for _, refusal := range refusals {
		t.Run(refusal.what, func(t *testing.T) {
			t.Parallel()
			world := newWorld(t, nil)
			if err := world.SetFaults(refusal.fault); err != nil {
				t.Fatal(err)
			}
			if log := task(t.Context(), t, world, sandbox.EnvOptions{}, nil); !strings.Contains(log, "task.complete result=Failed") {
				t.Errorf("the task did not fail:\n%s", log)
			}
			if got := len(world.Requests(sandbox.LegADO)); got != refusal.ado {
				t.Errorf("%d token requests, want %d", got, refusal.ado)
			}
			if got := len(world.Requests(sandbox.LegSTS)); got != refusal.sts {
				t.Errorf("%d requests of STS, want %d", got, refusal.sts)
			}
		})
	}
}
