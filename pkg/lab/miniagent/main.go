package miniagent

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

const usage = `usage: pipeline-sandbox run FILE.yml --vsix FILE.vsix [--node PROGRAM] [--proxy] [--fault FAULT]...

Plays a job file against the packed task: starts the stand-ins of Azure DevOps and
AWS STS on loopback, installs the task, runs the steps and prints the log.
  --node PROGRAM  the node that runs the task; node in PATH otherwise
  --proxy         configure the agent with a proxy, which also leads to Microsoft Entra
  --fault FAULT   make a stand-in fail, for example ado:status=401
Exit status: 0 the job ended as expected, 1 it did not, 2 usage.
`

// taskName is the task of the packed extension.
const taskName = "AssumeAwsRole"

// Main is the command `pipeline-sandbox run`.
func Main(ctx context.Context, args []string, env func(string) (string, bool), stdout, stderr io.Writer) int {
	set := flag.NewFlagSet("run", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	vsix, node := set.String("vsix", "", ""), set.String("node", "", "")
	proxy := set.Bool("proxy", false, "")
	var faults []string
	set.Func("fault", "", func(s string) error {
		faults = append(faults, s)
		return nil
	})
	if len(args) == 0 || strings.HasPrefix(args[0], "-") || set.Parse(args[1:]) != nil || *vsix == "" || set.NArg() > 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	path, _ := env("PATH")
	p := player{
		vsix: *vsix, node: *node, path: path, faults: faults, options: sandbox.EnvOptions{Proxy: *proxy},
		say: func(line string) { fmt.Fprintln(stdout, line) },
	}
	if err := p.play(ctx, args[0]); err != nil {
		fmt.Fprintln(stderr, "pipeline-sandbox:", err)
		return 1
	}
	return 0
}

var errOutcome = errors.New("the job did not end as expected")

// player plays job files.
type player struct {
	vsix, node, path string
	faults           []string
	options          sandbox.EnvOptions
	say              func(string)
}

// play runs a job file against stand-ins of its own.
func (p player) play(ctx context.Context, file string) error {
	world, err := sandbox.New(sandbox.Default())
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	defer world.Close()
	if err := world.SetFaults(p.faults...); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "agent-")
	if err != nil {
		return fmt.Errorf("making work folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	job := NewJob(world, p.options, p.vsix, dir, p.path)
	job.Node, job.Say = p.node, p.say
	if program, err := os.Executable(); err == nil {
		job.Variables = append(job.Variables, Variable{Name: "sandbox.program", Value: program})
	}
	expect, err := job.Load(file)
	if err != nil {
		return err
	}
	p.say("Stand-ins run on loopback: Azure DevOps at " + world.ADOURL + ", AWS STS at " + world.STSURL)
	p.say("Running " + file + " with the task of " + p.vsix)
	p.say("")
	result, err := Run(ctx, job)
	if err != nil {
		return err
	}
	result.summarise(p.say)
	return result.judge(world, expect)
}

// Load installs the task of the package and fills in the steps and variables of a
// job file; expect is the outcome that the file is meant to have.
func (j *Job) Load(file string) (expect string, err error) {
	task, err := install(j.VSIX, j.WorkDir, taskName)
	if err != nil {
		return "", err
	}
	steps, vars, expect, err := loadSteps(file, task, j.Connections)
	j.Steps, j.Variables = steps, append(j.Variables, vars...)
	j.keepUsed()
	return expect, err
}

// keepUsed drops the connections that no step names: the server sends a job no others.
func (j *Job) keepUsed() {
	j.Connections = slices.DeleteFunc(j.Connections, func(c Connection) bool {
		return !slices.ContainsFunc(j.Steps, func(s Step) bool { return slices.Contains(slices.Collect(maps.Values(s.Inputs)), c.ID) })
	})
}

func (r Result) judge(world *sandbox.Sandbox, expect string) error {
	switch {
	case r.Outcome != expect:
		return fmt.Errorf("%w: %s instead of %s", errOutcome, r.Outcome, expect)
	case len(world.Violations()) > 0:
		return fmt.Errorf("the stand-ins saw violations: %s", strings.Join(world.Violations(), "; "))
	case len(r.Leaked()) > 0:
		return errors.New("a secret stands in the log")
	case len(r.Leftovers) > 0:
		return fmt.Errorf("files were left behind: %s", strings.Join(r.Leftovers, ", "))
	case len(r.Orphans) > 0:
		return errors.New("a process outlived the job")
	case len(r.CommandErrors()) > 0:
		return fmt.Errorf("the agent could not obey: %s", strings.Join(r.CommandErrors(), "; "))
	}
	return nil
}

// CommandErrors are those of all steps.
func (r Result) CommandErrors() []string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, s.CommandErrors...)
	}
	return all
}

// summarise ends a log with a line for each part of each step and one for the job.
func (r Result) summarise(say func(string)) {
	say("")
	for _, s := range r.Steps {
		say(fmt.Sprintf("%-20s %s", s.Outcome, s.Title))
	}
	say("Job: " + r.Outcome)
}

// types are the endpoint types of the sandbox's connections.
var types = map[sandbox.ConnectionKind]string{
	sandbox.AWSOIDC: "assumeAwsRole", sandbox.AWSToolkit: "AWS", sandbox.AzureResourceManager: "AzureRM", sandbox.AzureDevOps: "WorkloadIdentityUser",
}

// NewJob is a job of the sandbox's world without steps, which finds its programs
// in path.
func NewJob(world *sandbox.Sandbox, options sandbox.EnvOptions, vsix, workDir, path string) Job {
	job := Job{
		VSIX: vsix, WorkDir: workDir, System: map[string]string{},
		HostEnv:   map[string]string{"PATH": path, "HOME": workDir},
		Variables: []Variable{{Name: "sandbox.stsEndpoint", Value: world.STSURL}, {Name: "AWS_ENDPOINT_URL_STS", Value: world.STSURL}},
	}
	for name, value := range world.Environment(options) {
		switch {
		case strings.Contains(name, "SYSTEMVSSCONNECTION"):
			job.System[name] = value
		case predefinedName.MatchString(name):
			plain, secret := strings.CutPrefix(name, "SECRET_")
			job.Variables = append(job.Variables, Variable{Name: dotted(plain), Value: value, Secret: secret, ReadOnly: true})
		}
	}
	for _, c := range world.Config().Connections {
		job.Connections = append(job.Connections, Connection{ID: c.ID, Name: c.Name, Type: types[c.Kind], Env: maps.Clone(world.Endpoint(c))})
	}
	return job
}

// predefinedName matches what comes from a variable of the job: no input, no endpoint.
var predefinedName = regexp.MustCompile(`^(SECRET_)?(SYSTEM|BUILD|RELEASE|AGENT|AWS)_`)

// dotted is the name by which the agent knows a predefined variable.
func dotted(name string) string {
	first, rest, _ := strings.Cut(name, "_")
	if first == "AWS" {
		return name
	}
	return strings.ToUpper(first[:1]) + strings.ToLower(first[1:]) + "." + rest
}

// Leaked lists lines of the log that hold a registered secret, plain, as base64 or
// URL-encoded. Short values are left out: they occur by chance.
func (r Result) Leaked() []string {
	var found []string
	for _, line := range r.Log {
		for _, secret := range r.Secrets {
			if holds(line, secret) {
				found = append(found, line)
				break
			}
		}
	}
	return found
}
