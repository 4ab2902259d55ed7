package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/clients"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// profile measures calls of the credential process.
func (b *bench) profile(ctx context.Context) error {
	cached, err := b.write(ctx, time.Hour)
	if err != nil {
		return err
	}
	if err := b.cached(ctx, cached); err != nil {
		return err
	}
	if err := b.cachedCallers(ctx, cached); err != nil {
		return err
	}
	return b.renewingCallers(ctx)
}

// write makes a profile whose credentials last for a while, and returns the command that
// its profile line names. Nothing of the caller's environment counts for it.
func (b *bench) write(ctx context.Context, lasting time.Duration) (command, error) {
	environment := lookupOf(b.environment(b.world, sandbox.EnvOptions{}, nil))
	step, err := pipeline.Read(ctx, environment)
	if err != nil {
		return command{}, err
	}
	step.Plan.Network = network.Config{UserAgent: "assume-aws-role/bench"}
	plan, err := step.Plan.Encode()
	if err != nil {
		return command{}, err
	}
	id, expires := awsprofile.NewID(), time.Now().Add(lasting)
	made, err := awsprofile.Create(awsprofile.Options{
		ID: id, TempDir: b.dir, ProfileName: "bench-" + id[:4], Region: "eu-west-1", Plan: plan, Binary: b.bin, Now: time.Now,
		Credentials: iam.Credentials{
			AccessKeyID: "ASIAEXAMPLEEXAMPLE22", SecretAccessKey: secret.New("secret"), SessionToken: secret.New("token"),
			Issued: expires.Add(-time.Hour), Expires: expires,
		},
	})
	return command{args: []string{filepath.Join(made.Directory, filepath.Base(installed(b.bin))), "credential-process", id}, env: b.base()}, err
}

// installed is the name under which a profile holds the program.
func installed(bin string) string {
	return "assume-aws-role" + strings.TrimPrefix(filepath.Ext(bin), ".bin")
}

func lookupOf(env []string) pipeline.Lookup {
	m := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		m[name] = value
	}
	return func(name string) (string, bool) {
		v, ok := m[name]
		return v, ok
	}
}

// cached compares one call with the start of nothing and with the AWS CLI's own start,
// which every use of a profile by it waits for anyway.
func (b *bench) cached(ctx context.Context, call command) error {
	const budget, share = 5 * time.Millisecond, 100
	samples, err := alternate(ctx, b.Runs, b.alone(command{args: []string{"true"}, env: b.base()}), b.alone(call))
	if err != nil {
		return err
	}
	nothing, took := samples[0], samples[1]
	allowed := allowance(budget, nothing.median(), trueWhereSet)
	b.timed("/bin/true", nothing, "")
	b.judged("credential-process, cached", took, times(took.median(), nothing.median())+" /bin/true", budgetText(budget, allowed), took.median() <= allowed)
	cli, missing := clients.AWSCLI(ctx, os.Getenv("PATH"))
	if missing != nil {
		b.absent("aws --version", missing)
		return nil
	}
	// Apart, because a process that comes right after the CLI finds cold caches.
	samples, err = alternate(ctx, b.Runs, b.alone(command{args: []string{cli, "--version"}, env: b.base()}))
	if err != nil {
		return err
	}
	b.judged("aws --version", samples[0], times(samples[0].median(), took.median())+" credential-process",
		fmt.Sprintf("≥ %d ×", share), samples[0].median() >= share*took.median())
	return nil
}

var callers = []int{1, 10, 50}

func (b *bench) cachedCallers(ctx context.Context, call command) error {
	var actions []action
	for _, n := range callers {
		actions = append(actions, b.together(call, n))
	}
	samples, err := alternate(ctx, b.Runs, actions...)
	if err != nil {
		return err
	}
	b.grown("credential-process, cached, callers at once", callers, samples)
	return nil
}

// renewingCallers finds the cache empty each time, and compares with programs that each
// get credentials of their own.
func (b *bench) renewingCallers(ctx context.Context) error {
	for _, n := range callers {
		others := b.exchange(b.rivals[0], transports[0])
		samples, err := inTurn(ctx, b.crowdRounds(n), []action{b.renewing(n), b.together(others, n)})
		if err != nil {
			return err
		}
		what := fmt.Sprintf("credential-process, empty cache, callers at once: %d", n)
		b.judged(what, samples[0], "token requests: 1, of STS: 1", "1 and 1", true) // renewing has checked
		b.timed(fmt.Sprintf("%s instead, at once: %d", b.rivals[0].name, n), samples[1], fmt.Sprintf("token requests: %d, of STS: %d", n, n))
	}
	return nil
}

// renewing starts n callers of a profile whose credentials have expired.
func (b *bench) renewing(n int) action {
	return func(ctx context.Context) ([]time.Duration, error) {
		call, err := b.write(ctx, -time.Second)
		if err != nil {
			return nil, err
		}
		call.exchanges, call.shared = 1, true
		took, err := b.together(call, n)(ctx)
		if tokens := len(b.world.Requests(sandbox.LegADO)); err == nil && tokens != 1 {
			err = fmt.Errorf("%d callers made %d token requests", n, tokens)
		}
		return took, err
	}
}
