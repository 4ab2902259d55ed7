package clients_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// Outcomes of a client that asks who it is.
const (
	deploy = "deploy" // the role deploy
	short  = "short"  // the role short, of another step
	fails  = "fails"  // no answer
)

// situation is a job in which something else has a say about credentials.
type situation struct {
	name string
	// host is the agent's environment, vars are the job's variables.
	host map[string]string
	vars []miniagent.Variable
	// steps run before the scripts; the last one gives the advice.
	steps []miniagent.Step
	// env is the block of the scripts; nil for the one that the last step prints.
	env map[string]string
	// plain is what the clients get: CLI, boto3, JavaScript, Go.
	plain [4]string
	// wrong is an env: block that looks like a way out and gives plain again, or worse.
	wrong map[string]string
	// want is what they all get when the advice is followed; empty for the role deploy.
	want string
}

var (
	allFail  = [4]string{fails, fails, fails, fails}
	allGood  = [4]string{deploy, deploy, deploy, deploy}
	variable = func(name, value string) []miniagent.Variable {
		return []miniagent.Variable{{Name: name, Value: value}}
	}
	junk = []miniagent.Variable{{Name: "AWS_ACCESS_KEY_ID", Value: "AKIAOLDSETUP"}, {Name: "AWS_SECRET_ACCESS_KEY", Value: "old"}}
)

// assume is a step of the task; more are names and values of inputs.
func assume(role string, more ...string) miniagent.Step {
	s := miniagent.Step{Task: "AssumeAwsRole", Inputs: map[string]string{
		"serviceConnection": "5f0e6c1a-7d34-4b92-9e81-c40a2f6b8d17", "roleArn": "arn:aws:iam::111122223333:role/" + role,
		"region": "eu-west-1", "stsEndpoint": "$(sandbox.stsEndpoint)",
	}}
	for pair := range slices.Chunk(more, 2) {
		s.Inputs[pair[0]] = pair[1]
	}
	return s
}

var none = map[string]string{}

var keysOfShort = map[string]string{
	"AWS_ACCESS_KEY_ID": "$(AWS_ACCESS_KEY_ID)", "AWS_SECRET_ACCESS_KEY": "$(AWS_SECRET_ACCESS_KEY)", "AWS_SESSION_TOKEN": "$(AWS_SESSION_TOKEN)",
}

var situations = []situation{
	{name: "variables", steps: []miniagent.Step{assume("deploy")}, plain: allGood},
	{
		name: "variables, AWS_PROFILE of the agent", host: map[string]string{"AWS_PROFILE": "ci"},
		steps: []miniagent.Step{assume("deploy")}, plain: allFail, wrong: map[string]string{"AWS_PROFILE": ""},
	},
	{
		name: "variables, AWS_PROFILE of the job", vars: variable("aws.profile", "ci"),
		steps: []miniagent.Step{assume("deploy")}, plain: allFail, wrong: map[string]string{"AWS_PROFILE": ""},
	},
	{
		name: "variables, AWS_PROFILE empty", vars: variable("AWS_PROFILE", ""),
		steps: []miniagent.Step{assume("deploy")}, plain: [4]string{fails, fails, deploy, deploy}, wrong: map[string]string{"AWS_PROFILE": "default"},
	},
	{
		name:  "variables after a profile of another role",
		steps: []miniagent.Step{assume("short", "exportAs", "profile"), assume("deploy")}, plain: [4]string{deploy, deploy, short, deploy},
		wrong: map[string]string{"AWS_PROFILE": ""},
	},
	{
		name: "variables after a profile of the same role", steps: []miniagent.Step{assume("deploy", "exportAs", "profile"), assume("deploy")},
		plain: allGood,
	},
	{
		name: "variables, AWS_DEFAULT_PROFILE of the agent", host: map[string]string{"AWS_DEFAULT_PROFILE": "ci"},
		steps: []miniagent.Step{assume("deploy")}, plain: [4]string{fails, fails, deploy, deploy}, wrong: map[string]string{"AWS_DEFAULT_PROFILE": ""},
	},
	{
		name: "variables, AWS_DEFAULT_PROFILE of the job", vars: variable("AWS_DEFAULT_PROFILE", "ci"),
		steps: []miniagent.Step{assume("deploy")}, plain: [4]string{fails, fails, deploy, deploy}, wrong: map[string]string{"AWS_DEFAULT_PROFILE": "x"},
	},
	{name: "profile", steps: []miniagent.Step{assume("deploy", "exportAs", "profile")}, env: none, plain: allGood},
	{
		name: "profile, keys of the agent", host: map[string]string{"AWS_ACCESS_KEY_ID": "AKIAOLDSETUP", "AWS_SECRET_ACCESS_KEY": "old"},
		steps: []miniagent.Step{assume("deploy", "exportAs", "profile")}, env: none, plain: [4]string{fails, fails, deploy, fails},
	},
	{
		name: "profile, keys of the job", vars: junk, steps: []miniagent.Step{assume("deploy", "exportAs", "profile")}, env: none,
		plain: [4]string{fails, fails, deploy, fails}, wrong: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
	},
	{
		name: "profile, AWS_DEFAULT_PROFILE of the agent", host: map[string]string{"AWS_DEFAULT_PROFILE": "ci"},
		steps: []miniagent.Step{assume("deploy", "exportAs", "profile")}, env: none, plain: [4]string{deploy, fails, deploy, deploy},
		wrong: map[string]string{"AWS_DEFAULT_PROFILE": ""},
	},
	{
		name: "profile, AWS_DEFAULT_PROFILE of the job", vars: variable("AWS_DEFAULT_PROFILE", "ci"),
		steps: []miniagent.Step{assume("deploy", "exportAs", "profile")}, env: none, plain: [4]string{deploy, fails, deploy, deploy},
		wrong: map[string]string{"AWS_DEFAULT_PROFILE": "default"},
	},
	{
		name: "profile, AWS_DEFAULT_PROFILE empty", vars: variable("AWS_DEFAULT_PROFILE", ""),
		steps: []miniagent.Step{assume("deploy", "exportAs", "profile")}, env: none, plain: [4]string{deploy, fails, deploy, deploy},
	},
	{
		name: "profile, web identity and containers of the agent",
		host: map[string]string{
			"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/pod", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x",
		},
		steps: []miniagent.Step{assume("deploy", "exportAs", "profile")}, env: none, plain: allGood,
	},
	{
		name: "profile after variables of another role", env: keysOfShort, want: short,
		steps: []miniagent.Step{assume("short"), assume("deploy", "exportAs", "profile")}, plain: [4]string{short, short, deploy, short},
		wrong: map[string]string{"AWS_PROFILE": ""},
	},
	{
		name: "both", steps: []miniagent.Step{assume("deploy", "exportAs", "both")}, plain: allGood,
	},
	{
		name: "both, public keys of the job", vars: junk, steps: []miniagent.Step{assume("deploy", "exportAs", "both")}, env: none, plain: allGood,
	},
}

// TestAdvice plays each situation on the mini agent with the packed task: first without
// the advice of the log, then with the advice that looks as good, then with the one that
// is printed. Commands and env: blocks are taken from the log as they stand there.
func TestAdvice(t *testing.T) {
	t.Parallel()
	var commands [][]string
	for _, c := range clients {
		commands = append(commands, absolute(t, c.need(t)))
	}
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if s.want == "" {
				s.want = deploy
			}
			first := s.play(t, commands, nil, "")
			if first.got != s.plain {
				t.Errorf("without advice: %v, want %v", first.got, s.plain)
			}
			misled := s.misled(commands, first)
			if len(first.advice) > 0 != (len(misled) > 0) {
				t.Errorf("clients get %v, the log advises %q", first.got, first.advice)
			}
			if s.wrong != nil && s.helped(s.play(t, misled, s.wrong, "").got) {
				t.Errorf("%v helps, too", s.wrong)
			}
			if got := s.play(t, misled, first.env(), first.bash()).got; !s.helped(got) {
				t.Errorf("with the advice: %v, want %s; it is %q", got, s.want, first.advice)
			}
		})
	}
}

// misled are the commands of the clients that did not get what the situation wants.
func (s situation) misled(commands [][]string, p played) [][]string {
	var out [][]string
	for i, got := range p.got {
		if got != s.want {
			out = append(out, commands[i])
		}
	}
	return out
}

// helped reports whether every client that was asked got what the situation wants.
func (s situation) helped(got [4]string) bool {
	return !slices.ContainsFunc(got[:], func(g string) bool { return g != s.want && g != "" })
}

// played is what became of a situation.
type played struct {
	got    [4]string
	advice []string
}

// env is the env: lines that the advice names.
func (p played) env() map[string]string {
	env := map[string]string{}
	for _, a := range p.advice {
		_, block, ok := strings.Cut(a, "or set ")
		if !ok {
			continue
		}
		for _, m := range regexp.MustCompile(`([A-Z_]+): (\S+)`).FindAllStringSubmatch(block, -1) {
			env[m[1]] = strings.Trim(m[2], "'")
		}
	}
	return env
}

// bash is the commands that the advice names.
func (p played) bash() string {
	var all []string
	for _, a := range p.advice {
		for _, m := range regexp.MustCompile(`\(Bash: ([^;]+);`).FindAllStringSubmatch(a, -1) {
			all = append(all, m[1])
		}
	}
	return strings.Join(all, "\n")
}

// play runs the job, in which a script for each client begins with command.
func (s situation) play(t *testing.T, commands [][]string, more map[string]string, command string) played {
	t.Helper()
	if len(commands) == 0 {
		return played{}
	}
	world, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	job := miniagent.NewJob(world, sandbox.EnvOptions{}, packedVSIX(t), t.TempDir(), os.Getenv("PATH"))
	maps.Copy(job.HostEnv, s.host)
	job.HostEnv["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = world.MetadataURL
	job.Variables, job.Steps = append(job.Variables, s.vars...), slices.Clone(s.steps)
	env := maps.Clone(s.env)
	if env == nil {
		env = printedBlock(t, job)
	}
	maps.Copy(env, more)
	for _, c := range commands {
		script := command + "\necho \"client: $(" + strings.Join(c, " ") + " " + world.STSURL + " 1 2>&1 | grep -o 'assumed-role/[a-z]*')\""
		if strings.HasSuffix(c[0], "aws") {
			script = strings.Replace(script, " 1 2>&1", " 2>&1", 1)
		}
		job.Steps = append(job.Steps, miniagent.Step{Script: script, Env: env})
	}
	return judge(t, job)
}

// judge runs a job and reads what its clients got.
func judge(t *testing.T, job miniagent.Job) played {
	t.Helper()
	r, err := miniagent.Run(t.Context(), job)
	if err != nil || r.Outcome != miniagent.Succeeded {
		t.Fatalf("job %s, %v:\n%s", r.Outcome, err, strings.Join(r.Log, "\n"))
	}
	var p played
	n := 0
	for _, line := range r.Log {
		if rest, ok := strings.CutPrefix(line, "client: "); ok && n < len(p.got) {
			p.got[n] = fails
			if role, ok := strings.CutPrefix(rest, "assumed-role/"); ok {
				p.got[n] = role
			}
			n++
		}
	}
	for _, step := range r.Steps {
		for _, i := range step.Issues {
			p.advice = append(p.advice, i.Message)
		}
	}
	return p
}

// printedBlock is the env: block that the log of the job's last step prints.
func printedBlock(t *testing.T, job miniagent.Job) map[string]string {
	t.Helper()
	job.WorkDir = t.TempDir()
	r, err := miniagent.Run(t.Context(), job)
	if err != nil || r.Outcome != miniagent.Succeeded {
		t.Fatalf("job %s, %v:\n%s", r.Outcome, err, strings.Join(r.Log, "\n"))
	}
	env := map[string]string{}
	inside := false
	for _, line := range r.Log {
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "    "), ": ")
		switch {
		case line == "  env:":
			inside = true
		case inside && ok && strings.HasPrefix(line, "    "):
			env[name] = value
		default:
			inside = false
		}
	}
	return env
}

// absolute makes the command's files independent of the working directory.
func absolute(t *testing.T, command []string) []string {
	t.Helper()
	out := slices.Clone(command)
	for i, arg := range out {
		if _, err := os.Stat(arg); err == nil {
			out[i], err = filepath.Abs(arg)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if program, err := exec.LookPath(out[0]); err == nil {
		out[0] = program
	}
	return out
}

// packedVSIX is the packed extension; without one, the test is skipped by name.
func packedVSIX(t *testing.T) string {
	t.Helper()
	file := os.Getenv("AAR_VSIX")
	switch {
	case file != "":
		return file
	case os.Getenv("CI") == "true":
		t.Fatal("AAR_VSIX does not name the packed extension; ./build.sh test sets it")
	default:
		t.Skip("AAR_VSIX does not name the packed extension")
	}
	return ""
}
