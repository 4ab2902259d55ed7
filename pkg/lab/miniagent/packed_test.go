package miniagent

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

const deployRole = "arn:aws:iam::111122223333:role/deploy"

// TestOtherNodes repeats the jobs of the packed task on other versions of Node.
func TestOtherNodes(t *testing.T) {
	need.Full(t)
	for _, version := range need.NodeVersions {
		t.Run(version, func(t *testing.T) { need.Again(t, "^TestPacked", "AAR_NODE="+need.Node(t, version)) })
	}
}

// packed is a whole job with the packed task.
type packed struct {
	*testing.T
	world *sandbox.Sandbox
	job   Job
}

// newPacked starts a world and fills a job with steps; service connections go by name.
func newPacked(t *testing.T, options sandbox.EnvOptions, steps ...Step) *packed {
	t.Helper()
	vsix := need.VSIX(t)
	cfg := sandbox.Default()
	cfg.Proxy = sandbox.ProxySettings{Username: "agent", Password: "pr0xy/p@ss word"}
	world, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	p := &packed{t, world, NewJob(world, options, vsix, t.TempDir(), os.Getenv("PATH"))}
	p.job.Node = os.Getenv("AAR_NODE") // empty: node in PATH
	task, err := install(vsix, p.job.WorkDir, taskName)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.Task == taskName {
			if err := s.resolveConnections(task, p.job.Connections); err != nil {
				t.Fatal(err)
			}
		}
		p.job.Steps = append(p.job.Steps, s)
	}
	p.job.keepUsed()
	return p
}

// assume is a step of the task; inputs come as name, value and on top of a region
// and the sandbox's endpoint.
func assume(inputs ...string) Step {
	s := Step{Task: taskName, Name: "aws", Inputs: map[string]string{"region": "eu-west-1", "stsEndpoint": "$(sandbox.stsEndpoint)"}}
	for pair := range slices.Chunk(inputs, 2) {
		s.Inputs[pair[0]] = pair[1]
	}
	return s
}

// prod assumes the deploy role with the connection aws-prod.
func prod(inputs ...string) Step {
	return assume(append([]string{"serviceConnection", "aws-prod", "roleArn", deployRole}, inputs...)...)
}

// mapped is a script with the exported variables in its environment.
func mapped(script string) Step {
	return Step{Script: script, Env: map[string]string{
		"AWS_ACCESS_KEY_ID": "$(AWS_ACCESS_KEY_ID)", "AWS_SECRET_ACCESS_KEY": "$(AWS_SECRET_ACCESS_KEY)", "AWS_SESSION_TOKEN": "$(AWS_SESSION_TOKEN)",
	}}
}

// play runs the job and holds it to what every job must keep to.
func (p *packed) play(want string) Result {
	p.Helper()
	r, err := Run(p.Context(), p.job)
	if err != nil {
		p.Fatal(err)
	}
	p.check(r, want)
	if p.Failed() {
		p.Logf("the log:\n%s", strings.Join(r.Log, "\n"))
	}
	return r
}

func (p *packed) check(r Result, want string) {
	p.Helper()
	if r.Outcome != want {
		p.Errorf("job is %s, want %s", r.Outcome, want)
	}
	for _, v := range p.world.Violations() {
		p.Errorf("violation: %s", v)
	}
	for _, c := range r.CommandErrors() {
		p.Errorf("the agent could not obey: %s", c)
	}
	if len(r.Leftovers) > 0 || len(r.Orphans) > 0 {
		p.Errorf("left behind: files %q, processes %v", r.Leftovers, r.Orphans)
	}
	p.checkSecrets(r)
}

// checkSecrets looks for what the task registered, and for what it should have.
func (p *packed) checkSecrets(r Result) {
	p.Helper()
	r.Secrets = append(r.Secrets, p.world.JobToken)
	for _, v := range r.Variables {
		if v.Secret {
			r.Secrets = append(r.Secrets, v.Value)
		}
	}
	for _, line := range r.Leaked() {
		p.Errorf("a secret stands in the log: %s", line)
	}
	for _, line := range r.Log {
		line, _, _ = strings.Cut(line, "#denial=") // claims for the set-up page, in base64, too
		if strings.Contains(line, "eyJ") {
			p.Errorf("a token stands in the log: %s", line)
		}
	}
}

func (p *packed) logged(r Result, want ...string) {
	p.Helper()
	for _, text := range want {
		if !strings.Contains(strings.Join(r.Log, "\n"), text) {
			p.Errorf("the log lacks %q", text)
		}
	}
}

// exported checks that the three credentials are there as secrets, or that nothing is.
func (p *packed) exported(r Result, prefix string, want bool) {
	p.Helper()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		v, ok := r.Variables[prefix+name]
		if ok != want {
			p.Errorf("%s%s is set: %v", prefix, name, ok)
		}
		if real := v.Secret && v.Value != ""; ok && !real {
			p.Errorf("%s%s is empty or not secret", prefix, name)
		}
	}
	if _, ok := r.Variables[prefix+"AWS_REGION"]; ok != want {
		p.Errorf("%sAWS_REGION: set %v", prefix, ok)
	}
}

// withFake is the packed extension with the fake task beside the real one.
func withFake(t *testing.T, vsix string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "both.vsix")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	in, err := zip.OpenReader(vsix)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(out)
	for _, f := range in.File {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	fake, err := fs.Sub(os.DirFS("testdata"), "task")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main.js", "post.js", "task.json"} {
		data, err := fs.ReadFile(fake, name)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := w.Create("Fake/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []interface{ Close() error }{in, w, out} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return file
}
