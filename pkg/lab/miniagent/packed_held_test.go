package miniagent

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// shows is a script that prints environment variables as a step has them.
func shows(env map[string]string, names ...string) Step {
	var lines []string
	for _, name := range names {
		lines = append(lines, "echo \"has "+name+"=${"+name+"-unset}\"")
	}
	return Step{Script: strings.Join(lines, "\n"), Env: env}
}

// after is the same script behind a command.
func (s Step) after(command string) Step {
	s.Script = command + "\n" + s.Script
	return s
}

// warnings are those of the job's steps.
func (r Result) warnings() []string {
	var out []string
	for _, s := range r.Steps {
		for _, i := range s.Issues {
			out = append(out, i.Message)
		}
	}
	return out
}

// printedBlock is the env: block of the log.
func (r Result) printedBlock() map[string]string {
	_, rest, _ := strings.Cut(strings.Join(r.Log, "\n"), "\n  env:\n")
	env := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^    ([A-Z_]+): (\S+)$`).FindAllStringSubmatch(rest, -1) {
		env[m[1]] = m[2]
	}
	return env
}

// TestPackedSecretRegion: a secret name stays secret; the printed block maps the region
// in each case, and without it a script has none.
func TestPackedSecretRegion(t *testing.T) {
	t.Parallel()
	for held, mapping := range map[string]string{"us-east-1": "eu-west-1", "eu-west-1": "$(AWS_REGION)"} {
		p := newPacked(t, sandbox.EnvOptions{}, prod())
		p.job.Variables = append(p.job.Variables, Variable{Name: "aws_region", Value: held, Secret: true})
		first := p.play(Succeeded)
		env := first.printedBlock()
		if env["AWS_REGION"] != mapping || len(first.warnings()) != 1 {
			t.Errorf("held %s: the block maps %q, warnings %q", held, env["AWS_REGION"], first.warnings())
		}
		compare := func(step Step) Step { return step.after(`[[ $AWS_REGION == eu-west-"1" ]] && echo "right region"`) }
		p.job.Steps = append(p.job.Steps, compare(shows(nil, "AWS_REGION")), compare(shows(env, "AWS_DEFAULT_REGION")))
		r := p.play(Succeeded)
		p.logged(r, "has AWS_REGION=unset")
		if n := strings.Count(strings.Join(r.Log, "\n"), "right region"); n != 1 {
			t.Errorf("held %s: %d of 2 scripts have the region", held, n)
		}
	}
}

// TestPackedSecretProfile: a profile that scripts would not find is refused before any
// request; the way out works.
func TestPackedSecretProfile(t *testing.T) {
	t.Parallel()
	secret := []Variable{{Name: "AWS_CONFIG_FILE", Value: "/repo/config", Secret: true}, {Name: "aws_profile", Value: "secret-profile", Secret: true}}
	p := newPacked(t, sandbox.EnvOptions{}, prod("exportAs", "profile"))
	p.job.Variables = append(p.job.Variables, secret...)
	r := p.play(Failed)
	p.logged(r, "AAR-VARIABLE-SECRET")
	if n := len(p.world.Requests(sandbox.LegADO)); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
	p = newPacked(t, sandbox.EnvOptions{}, prod(), shows(map[string]string{"AWS_REGION": "$(AWS_REGION)"}, "AWS_REGION"))
	p.job.Variables = append(p.job.Variables, secret...)
	r = p.play(Succeeded)
	p.logged(r, "has AWS_REGION=eu-west-1")
	if w := r.warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
}

// TestPackedSecretProfileNames: names that a profile can do without are not exported, and
// a script without them still finds the profile.
func TestPackedSecretProfileNames(t *testing.T) {
	t.Parallel()
	p := newPacked(t, sandbox.EnvOptions{}, prod("exportAs", "profile"),
		shows(nil, "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED", "AWS_PROFILE"))
	for _, name := range []string{"AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"} {
		p.job.Variables = append(p.job.Variables, Variable{Name: name, Value: "a secret value", Secret: true})
	}
	r := p.play(Succeeded)
	p.logged(r, "has AWS_SHARED_CREDENTIALS_FILE=unset", "has AWS_EC2_METADATA_DISABLED=unset", "has AWS_PROFILE=default")
	if w := r.warnings(); len(w) != 1 || !strings.Contains(w[0], "AWS_SHARED_CREDENTIALS_FILE, AWS_EC2_METADATA_DISABLED") {
		t.Errorf("warnings %q", w)
	}
}

// TestPackedPrefixedRegion: after a step without a prefix, an env: block cannot set the
// regions; the printed command can.
func TestPackedPrefixedRegion(t *testing.T) {
	t.Parallel()
	names := []string{"AWS_REGION", "AWS_DEFAULT_REGION"}
	p := newPacked(t, sandbox.EnvOptions{}, prod("region", "us-east-1"), unnamed(prod("variablePrefix", "PROD_")))
	first := p.play(Succeeded)
	bash := regexp.MustCompile(`(?m)^  Bash: +(export .*)$`).FindStringSubmatch(strings.Join(first.Log, "\n"))
	if bash == nil {
		t.Fatalf("no command in %q", first.Log)
	}
	_, own, _ := strings.Cut(strings.Join(first.Log, "\n"), "PROD_AWS_SESSION_TOKEN")
	env := Result{Log: strings.Split(own, "\n")}.printedBlock()
	if env["AWS_REGION"] != "$(PROD_AWS_REGION)" || env["AWS_DEFAULT_REGION"] != "$(PROD_AWS_DEFAULT_REGION)" {
		t.Errorf("the block is %q", env)
	}
	p.job.Steps = append(p.job.Steps, shows(env, names...), shows(env, names...).after(bash[1]))
	r := p.play(Succeeded)
	p.logged(r, "has AWS_REGION=us-east-1\nhas AWS_DEFAULT_REGION=us-east-1", "has AWS_REGION=eu-west-1\nhas AWS_DEFAULT_REGION=eu-west-1")
}

// TestPackedTwins: another spelling of a name reaches scripts beside ours.
func TestPackedTwins(t *testing.T) {
	t.Parallel()
	p := newPacked(t, sandbox.EnvOptions{}, prod("exportAs", "profile"))
	p.job.Variables = append(p.job.Variables, Variable{Name: "AWS.Profile", Value: "ci"})
	p.logged(p.play(Failed), "AAR-VARIABLE-COLLISION")
	p = newPacked(t, sandbox.EnvOptions{}, prod(), shows(nil, "AWS_REGION", "AWS_DEFAULT_REGION"))
	p.job.Variables = append(p.job.Variables, Variable{Name: "AWS.Region", Value: "us-east-1"}, Variable{Name: "aws.default.region", Value: "us-east-1"})
	r := p.play(Succeeded)
	p.logged(r, "has AWS_REGION=eu-west-1")
	w := r.warnings()
	if len(w) != 1 {
		t.Fatalf("the warnings are %q, want one", w)
	}
	if !strings.Contains(w[0], "aws.default.region") || strings.Contains(w[0], "AWS.Region") {
		t.Errorf("the warning is not about aws.default.region alone: %q", w[0])
	}
}

// TestPackedCleared: what is called cleared is empty in a later script, and what is not,
// is not.
func TestPackedCleared(t *testing.T) {
	t.Parallel()
	p := newPacked(t, sandbox.EnvOptions{}, prod("exportAs", "profile"), shows(nil, "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"))
	p.job.HostEnv["AWS_ROLE_ARN"], p.job.HostEnv["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "arn:aws:iam::999999999999:role/pod", "http://127.0.0.1/c"
	p.job.Variables = append(p.job.Variables,
		Variable{Name: "AWS_WEB_IDENTITY_TOKEN_FILE", Value: "/var/run/token"}, Variable{Name: "aws_role_arn", Value: "kept secret", Secret: true})
	r := p.play(Succeeded)
	p.logged(r, "has AWS_ROLE_ARN=arn:aws:iam::999999999999:role/pod", "has AWS_WEB_IDENTITY_TOKEN_FILE=\n", "has AWS_CONTAINER_CREDENTIALS_FULL_URI=\n")
	var said []string
	for _, line := range r.Log {
		if _, name, ok := strings.Cut(line, "cleared for the rest of this job, because it takes precedence over the profile: "); ok {
			said = append(said, strings.Fields(name)[0])
		}
	}
	if !slices.Equal(said, []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}) {
		t.Errorf("called cleared: %q", said)
	}
	if w := r.warnings(); len(w) != 1 || !strings.Contains(w[0], "AWS_ROLE_ARN") {
		t.Errorf("warnings %q", w)
	}
}

// TestPackedReadOnlyRegion: the task cannot see that a variable is read-only. The agent
// warns and sets it, or fails the step where the service says so.
func TestPackedReadOnlyRegion(t *testing.T) {
	t.Parallel()
	for _, enforced := range []bool{false, true} {
		p := newPacked(t, sandbox.EnvOptions{}, prod(), shows(nil, "AWS_REGION"))
		p.job.Variables = append(p.job.Variables, Variable{Name: "AWS_REGION", Value: "us-east-1", ReadOnly: true})
		if !enforced {
			p.job.Variables = append(p.job.Variables, Variable{Name: "agent.readOnlyVariables", Value: "false"})
			p.logged(p.play(Succeeded), "has AWS_REGION=eu-west-1", "Overwriting readonly variable 'AWS_REGION'")
			continue
		}
		r, err := Run(p.Context(), p.job)
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome != Failed || len(r.CommandErrors()) != 1 {
			t.Errorf("the job ends as %s with the command errors %q, want a failure with one", r.Outcome, r.CommandErrors())
		}
		p.checkSecrets(r)
	}
}

// TestQuietJobs: the ordinary combinations of steps print no warning.
func TestQuietJobs(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]Step{
		"variables": {prod()}, "profile": {prod("exportAs", "profile")}, "both": {prod("exportAs", "both")},
		"toolkit": {prod("exportForAwsToolkit", "true")}, "prefix": {prod("variablePrefix", "PROD_")}, "check": {prod("checkOnly", "true")},
		"variables, then profile": {prod(), unnamed(prod("exportAs", "profile"))},
		"profile, then variables": {prod("exportAs", "profile"), unnamed(prod())},
		"variables twice":         {prod(), unnamed(prod())},
		"two profiles":            {prod("exportAs", "profile", "profileName", "one"), unnamed(prod("exportAs", "profile", "profileName", "two"))},
	} {
		p := newPacked(t, sandbox.EnvOptions{}, steps...)
		r := p.play(Succeeded)
		if w := r.warnings(); len(w) > 0 {
			t.Errorf("%s: warnings %q", name, w)
		}
		if strings.Contains(strings.Join(r.Log, "\n"), "replaced:") {
			t.Errorf("%s: what the task itself has set is called replaced", name)
		}
	}
}
