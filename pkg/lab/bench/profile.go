package bench

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// profile measures one cached call beside the AWS CLI's own start, and fifty
// parallel ones with an empty cache.
func (b *bench) profile(ctx context.Context) error {
	s, err := sandbox.New(sandbox.Default())
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	defer s.Close()
	env := b.environment(s, sandbox.EnvOptions{}, nil)
	cached, err := b.write(ctx, s, env, time.Now().Add(time.Hour))
	if err != nil {
		return err
	}
	if err := b.cached(ctx, env, cached); err != nil {
		return err
	}
	empty, err := b.write(ctx, s, env, time.Now().Add(-time.Second))
	if err != nil {
		return err
	}
	return b.storm(ctx, s, env, empty)
}

// write makes a profile whose credentials expire at the given time, and returns
// the command that its profile line names.
func (b *bench) write(ctx context.Context, s *sandbox.Sandbox, env []string, expires time.Time) ([]string, error) {
	lookup := lookupOf(env)
	step, err := pipeline.Read(ctx, lookup)
	if err != nil {
		return nil, err
	}
	step.Plan.Network = network.Config{UserAgent: "assume-aws-role/bench"}
	plan, err := step.Plan.Encode()
	if err != nil {
		return nil, err
	}
	id := awsprofile.NewID()
	_, err = awsprofile.Create(awsprofile.Options{
		ID: id, TempDir: b.dir, ProfileName: "bench-" + id[:4], Region: "eu-west-1", Plan: plan, Binary: b.bin, Now: time.Now,
		Credentials: iam.Credentials{
			AccessKeyID: "ASIAEXAMPLEEXAMPLE22", SecretAccessKey: secret.New("secret"), SessionToken: secret.New("token"),
			Issued: expires.Add(-time.Hour), Expires: expires,
		},
	})
	s.Reset()
	return []string{filepath.Join(awsprofile.Dir(b.dir), "assume-aws-role"), "credential-process", id}, err
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

func (b *bench) cached(ctx context.Context, env, command []string) error {
	const runs = 41
	other := []string{"true"}
	_, call, err := pairs(ctx, runs, env, other, command)
	if err != nil {
		return err
	}
	b.add("credential-process, cached", "5 ms", "%s", ms(call))
	if found, _ := exec.LookPath("aws"); found == "" {
		b.add("beside the AWS CLI's own start", "1/80", "the AWS CLI is not installed")
		return nil
	}
	const cliRuns = 5
	_, cli, err := pairs(ctx, cliRuns, env, other, []string{"aws", "--version"})
	if err != nil {
		return err
	}
	b.add("beside the AWS CLI's own start", "1/80", "1/%d (aws --version: %s)", int(cli/call), ms(cli))
	return nil
}

// storm starts fifty callers at once.
func (b *bench) storm(ctx context.Context, s *sandbox.Sandbox, env, command []string) error {
	const callers = 50
	var wait sync.WaitGroup
	failures := make(chan error, callers)
	begin := time.Now()
	for range callers {
		wait.Go(func() {
			if _, err := once(ctx, env, command[0], command[1:]...); err != nil {
				failures <- err
			}
		})
	}
	wait.Wait()
	close(failures)
	for err := range failures {
		return err
	}
	b.add("50 parallel calls, empty cache", "1 token request, 1 STS call", "%d and %d, %s in all",
		len(s.Requests(sandbox.LegADO)), len(s.Requests(sandbox.LegSTS)), ms(time.Since(begin)))
	return nil
}

// memory is the peak of the richest exchange, over TLS.
func (b *bench) memory(ctx context.Context) error {
	s, err := sandbox.New(sandbox.Default())
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	defer s.Close()
	azure, _ := s.Config().Connection("azure-prod")
	t, err := watched(ctx, b.environment(s, sandbox.EnvOptions{TLS: true}, map[string]string{
		"INPUT_CONNECTIONTYPE": "azureResourceManager", "INPUT_AZURESERVICECONNECTION": azure.ID, "INPUT_ENTRAAUDIENCE": "api://aws-sts-federation",
		"INPUT_CHAINROLEARN": "arn:aws:iam::111122223333:role/second", "INPUT_REQUIREDCLAIMS": "rpo_ref = *",
	}), b.bin, "task")
	if err != nil {
		return err
	}
	b.add("peak memory, TLS, Entra, second role, claims", "15 MiB", "%.1f MiB", float64(t.peak)/1024)
	return nil
}
