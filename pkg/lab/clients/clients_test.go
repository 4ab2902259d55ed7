package clients_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// client is a program that prints the ARN of the caller's identity, a line for each
// of the given number of requests.
type client struct {
	name string
	// find returns the command without its last two arguments, endpoint and number;
	// the error says what is not installed.
	find func(ctx context.Context) ([]string, error)
	// once tells that the command takes the endpoint alone and asks one time.
	once bool
}

var clients = []client{
	{name: "AWS CLI v2", find: findAWSCLI, once: true},
	{name: "boto3", find: findBoto3},
	{name: "AWS SDK for JavaScript v3", find: findJavaScript},
	{name: "AWS SDK for Go v2", find: findGo},
}

// need returns the client's command, or skips the test, which fails in CI.
func (c client) need(t *testing.T) []string {
	t.Helper()
	command, err := c.find(t.Context())
	if err == nil {
		return command
	}
	need.Missing(t, c.name, err.Error())
	return nil
}

// ask runs the client in a step's environment and returns what it printed.
func (c client) ask(t *testing.T, command []string, env map[string]string, endpoint string, times int) (string, error) {
	t.Helper()
	args := append(append([]string{}, command[1:]...), endpoint)
	if !c.once {
		args = append(args, strconv.Itoa(times))
	}
	cmd := exec.CommandContext(t.Context(), command[0], args...)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// job is one run of the task and what the agent would hand to a later step.
type job struct {
	sandbox *sandbox.Sandbox
	temp    string
	// base is the environment that the job's steps start from, plain what the task
	// set for all of them, and secret what a step has to map.
	base, plain, secret map[string]string
}

const (
	roleARN = "arn:aws:iam::111122223333:role/deploy"
	wantARN = "arn:aws:sts::111122223333:assumed-role/deploy/"
	// sessionSeconds makes a session that the credential process renews when a third of
	// it, three seconds, is left. Some clients come back to it for every request, the
	// SDK for Go only at the end.
	sessionSeconds = 9
	// asks are a second apart, so that the last is past that end.
	asks = 11
)

// lyingAround is what an agent may have in its environment and home directory; none
// of it may be used by a client of the profile.
func lyingAround(t *testing.T, s *sandbox.Sandbox) map[string]string {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	keys := "[default]\naws_access_key_id = AKIAHOME\naws_secret_access_key = home\n"
	for _, name := range []string{"credentials", "config"} {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(keys), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home,
		"AWS_EC2_METADATA_SERVICE_ENDPOINT":      s.MetadataURL,
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     s.MetadataURL + "/container",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/container",
		"AWS_WEB_IDENTITY_TOKEN_FILE":            filepath.Join(home, "token"),
		"AWS_ROLE_ARN":                           "arn:aws:iam::999999999999:role/pod",
	}
}

// run runs the task as the agent does and takes its commands over.
func run(t *testing.T, exportAs string, seconds int) *job {
	t.Helper()
	cfg := sandbox.Default()
	cfg.SessionSeconds = seconds
	s, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	j := &job{sandbox: s, temp: t.TempDir(), plain: map[string]string{}, secret: map[string]string{}}
	j.base = lyingAround(t, s)
	cmd := exec.CommandContext(t.Context(), binary(t), "task")
	conn, _ := s.Config().Connection("aws-prod")
	inputs := map[string]string{
		"INPUT_SERVICECONNECTION": conn.ID, "INPUT_ROLEARN": roleARN, "INPUT_REGION": "eu-west-1", "INPUT_EXPORTAS": exportAs,
	}
	for _, vars := range []map[string]string{j.base, s.Environment(sandbox.EnvOptions{TempDirectory: j.temp}), inputs} {
		for name, value := range vars {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	out, err := cmd.Output()
	if err != nil || strings.Contains(string(out), "task.complete") {
		t.Fatalf("the task failed: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		j.take(strings.TrimSuffix(line, "\n"))
	}
	return j
}

// take does what the agent does with a logging command that sets a variable.
func (j *job) take(line string) {
	rest, ok := strings.CutPrefix(line, "##vso[task.setvariable variable=")
	if !ok {
		return
	}
	properties, value, _ := strings.Cut(rest, "]")
	name, flags, _ := strings.Cut(properties, ";")
	switch {
	case strings.Contains(flags, "issecret=true"):
		j.secret[name] = value
	case !strings.Contains(flags, "isoutput=true"):
		j.plain[name] = value
	}
}

// step is the environment of a later step; mapped tells whether it maps the secrets.
func (j *job) step(mapped bool) map[string]string {
	env := map[string]string{}
	vars := []map[string]string{j.base, j.plain}
	if mapped {
		vars = append(vars, j.secret)
	}
	for _, v := range vars {
		for name, value := range v {
			env[name] = value
		}
	}
	return env
}

// requests counts what STS was asked for.
func (j *job) requests(action string) int {
	n := 0
	for _, r := range j.sandbox.Requests(sandbox.LegSTS) {
		if r.Action == action {
			n++
		}
	}
	return n
}

// damage empties the profile's state, so that its credential process fails.
func (j *job) damage(t *testing.T) {
	t.Helper()
	states, err := filepath.Glob(filepath.Join(j.temp, "assume-aws-role-*", "state-*.json"))
	if err != nil || len(states) != 1 {
		t.Fatalf("the states are %v, want one: %v", states, err)
	}
	if err := os.Truncate(states[0], 0); err != nil {
		t.Fatalf("damaging the state: %v", err)
	}
}

func (j *job) checkNobodyAskedForMetadata(t *testing.T) {
	t.Helper()
	for _, r := range j.sandbox.Requests(sandbox.LegMetadata) {
		t.Errorf("the client asked for credentials that lie around: %s %s", r.Method, r.Path)
	}
}

func checkAnswers(t *testing.T, out string, err error, times int) {
	t.Helper()
	if err != nil || strings.Count(out, wantARN) != times {
		t.Errorf("%d of %d answers, %v:\n%s", strings.Count(out, wantARN), times, err, out)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := c.need(t)
			j := run(t, "variables", 0)
			out, err := c.ask(t, command, j.step(true), j.sandbox.STSURL, 1)
			checkAnswers(t, out, err, 1)
			j.checkNobodyAskedForMetadata(t)
		})
	}
}

// TestProfileAcrossRenewal asks for longer than the first credentials last, with
// everything lying around that an SDK might take instead.
func TestProfileAcrossRenewal(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := c.need(t)
			j := run(t, "profile", sessionSeconds)
			times := asks
			if c.once {
				times = 1
			}
			end := time.Now().Add(sessionSeconds * time.Second)
			for renewed := false; !renewed; renewed = j.requests("AssumeRoleWithWebIdentity") > 1 || t.Failed() {
				out, err := c.ask(t, command, j.step(false), j.sandbox.STSURL, times)
				checkAnswers(t, out, err, times)
				if time.Now().After(end) && j.requests("AssumeRoleWithWebIdentity") < 2 {
					t.Error("nothing was renewed")
				}
			}
			j.checkNobodyAskedForMetadata(t)
		})
	}
}

// TestFailingProfile shows that a client whose credential process fails goes on to
// nothing else, least of all to the agent's own role.
func TestFailingProfile(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := c.need(t)
			j := run(t, "profile", 0)
			j.damage(t)
			out, err := c.ask(t, command, j.step(false), j.sandbox.STSURL, 1)
			if err == nil || strings.Contains(out, "arn:") {
				t.Errorf("the client found credentials:\n%s", out)
			}
			if n := j.requests("GetCallerIdentity"); n > 0 {
				t.Errorf("the client sent %d requests with other credentials", n)
			}
			j.checkNobodyAskedForMetadata(t)
		})
	}
}

// TestDefaultProfile shows which clients take AWS_DEFAULT_PROFILE before AWS_PROFILE,
// of which the task warns.
func TestDefaultProfile(t *testing.T) {
	t.Parallel()
	outranked := map[string]bool{"AWS CLI v2": false, "boto3": true, "AWS SDK for JavaScript v3": false, "AWS SDK for Go v2": false}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := c.need(t)
			j := run(t, "profile", 0)
			env := j.step(false)
			env["AWS_DEFAULT_PROFILE"] = "another"
			out, err := c.ask(t, command, env, j.sandbox.STSURL, 1)
			if (err != nil) != outranked[c.name] {
				t.Errorf("error %v, want one: %v; the output:\n%s", err, outranked[c.name], out)
			}
			j.checkNobodyAskedForMetadata(t)
		})
	}
}

// TestStandInsAreFound is the control of the tests above: without the profile's
// variables, every client does ask the stand-in for credentials.
func TestStandInsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := c.need(t)
			j := run(t, "variables", 0)
			env := j.step(false)
			env["HOME"] = t.TempDir()
			for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
				delete(env, name)
			}
			if _, err := c.ask(t, command, env, j.sandbox.STSURL, 1); err == nil {
				t.Error("the client found credentials")
			}
			if len(j.sandbox.Requests(sandbox.LegMetadata)) == 0 {
				t.Error("the client did not ask the stand-in")
			}
		})
	}
}

var (
	buildOnce sync.Once
	built     string
	errBuild  error
)

// binary builds the task's binary once, in a directory that outlives the first test.
func binary(t *testing.T) string {
	t.Helper()
	buildOnce.Do(func() { built, errBuild = buildGo(filepath.Join("..", "..", ".."), "./cmd/assume-aws-role") })
	if errBuild != nil {
		t.Fatal(errBuild)
	}
	return built
}
