package reliability

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

const (
	deployRole = "arn:aws:iam::111122223333:role/deploy"
	// timeoutSeconds is that of every row: time for one pause of a second, not for the
	// next of five.
	timeoutSeconds = 5
	// grace is what a step may need beyond that, its start included.
	grace = 2 * time.Second
)

// packedVSIX is the packed extension; without one, the tests are skipped by name.
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

// agent is a machine on which the packed task is installed once, for many jobs at once.
type agent struct {
	vsix, dir string
	// slots bound how many jobs run at the same time.
	slots chan struct{}
}

func newAgent(t *testing.T) *agent {
	t.Helper()
	a := &agent{vsix: packedVSIX(t), dir: t.TempDir(), slots: make(chan struct{}, 8*runtime.NumCPU())}
	first := filepath.Join(a.dir, "first")
	if err := os.Mkdir(first, 0o755); err != nil {
		t.Fatal(err)
	}
	w := a.world(t)
	job := a.job(t, w, first, sandbox.EnvOptions{}, "aws-prod", nil)
	if r, err := miniagent.Run(t.Context(), job); err != nil || r.Outcome != miniagent.Succeeded {
		t.Fatalf("a job without a fault: %v, %s\n%s", err, r.Outcome, strings.Join(r.Log, "\n"))
	}
	return a
}

func (a *agent) world(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	cfg := sandbox.Default()
	cfg.Proxy = sandbox.ProxySettings{Username: "agent", Password: "pr0xy/p@ss canary"}
	w, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// workDir is a work folder that shares the installed task with all others.
func (a *agent) workDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(a.dir, "first", "_tasks"), filepath.Join(dir, "_tasks")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// job is a job with one step of the task.
func (a *agent) job(t *testing.T, w *sandbox.Sandbox, dir string, o sandbox.EnvOptions, connection string, inputs map[string]string) miniagent.Job {
	t.Helper()
	conn, ok := w.Config().Connection(connection)
	if !ok {
		t.Fatalf("no connection %s", connection)
	}
	step := miniagent.Step{Task: "AssumeAwsRole", Name: "aws", Inputs: map[string]string{
		"serviceConnection": conn.ID, "roleArn": deployRole, "region": "eu-west-1", "timeoutSeconds": fmt.Sprint(timeoutSeconds),
	}}
	if conn.Kind == sandbox.AzureResourceManager {
		step.Inputs["connectionType"], step.Inputs["azureServiceConnection"] = "azureResourceManager", conn.ID
		delete(step.Inputs, "serviceConnection")
	}
	if !o.TLS {
		step.Inputs["stsEndpoint"] = w.STSURL
	}
	maps.Copy(step.Inputs, inputs)
	job := miniagent.NewJob(w, o, a.vsix, dir, os.Getenv("PATH"))
	job.Node = os.Getenv("AAR_NODE")
	job.Connections = slices.DeleteFunc(job.Connections, func(c miniagent.Connection) bool { return c.ID != conn.ID })
	job.Steps = []miniagent.Step{step}
	return job
}

// seen is what became of a row.
type seen struct {
	took     time.Duration // not in the table
	said     string        // the error's code and first line, without host and port
	requests string
	time     string
	exported string
}

// play runs one row and holds it to what every row must keep to.
func (a *agent) play(t *testing.T, r row) seen {
	t.Helper()
	w := a.world(t)
	options := sandbox.EnvOptions{TLS: true}
	inputs := map[string]string{}
	maps.Copy(inputs, r.leg.inputs)
	if r.hosts != "" && r.leg.host != sandbox.LegADO {
		options.TLS = false
		if r.leg.host == sandbox.LegSTS {
			inputs["stsEndpoint"] = "https://sts.eu-west-1.amazonaws.com"
		}
	}
	job := a.job(t, w, a.workDir(t), options, r.leg.connection, inputs)
	r.arrange(t, &job)
	if err := w.SetFaults(r.faults...); err != nil {
		t.Fatal(err)
	}
	a.slots <- struct{}{}
	defer func() { <-a.slots }()
	var began, ended time.Time
	job.Say = func(line string) {
		if strings.HasPrefix(line, "##[section]Starting: ") && began.IsZero() {
			began = time.Now()
		}
		if strings.HasPrefix(line, "##[section]Finishing: ") && ended.IsZero() {
			ended = time.Now()
		}
	}
	result, err := miniagent.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	a.check(t, w, job, result)
	if t.Failed() {
		t.Logf("the log:\n%s", strings.Join(result.Log, "\n"))
	}
	return seen{ended.Sub(began), said(result), counted(w), pauses(result), exports(t, result)}
}

// arrange changes the job as the row says.
func (r row) arrange(t *testing.T, job *miniagent.Job) {
	t.Helper()
	drop := func(prefix string) {
		job.Variables = slices.DeleteFunc(job.Variables, func(v miniagent.Variable) bool {
			return strings.HasPrefix(strings.ToUpper(strings.ReplaceAll(v.Name, ".", "_")), prefix)
		})
	}
	if r.noProxyUser {
		drop("AGENT_PROXYUSERNAME")
		drop("AGENT_PROXYPASSWORD")
	}
	if r.noAuthority {
		drop("AGENT_CAINFO")
	}
	if r.hosts != "" {
		drop("AGENT_PROXY")
		job.Node = namespace(t, r.hosts, job.Node)
	}
}

// namespace is a program that runs Node where host names come from a file alone.
func namespace(t *testing.T, hosts, node string) string {
	t.Helper()
	if node == "" {
		node = "node"
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hosts": hosts, "nsswitch.conf": "hosts: files\n",
		"node": "#!/bin/bash\nexec unshare -rm bash -c 'mount --bind " + dir + "/hosts /etc/hosts && mount --bind " + dir +
			"/nsswitch.conf /etc/nsswitch.conf && exec " + node + " \"$@\"' bash \"$@\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "node")
}

// canMount reports whether this user may mount files in a namespace of his own.
var canMount = sync.OnceValue(func() bool {
	if _, err := os.Stat("/etc/nsswitch.conf"); err != nil {
		return false
	}
	return exec.Command("unshare", "-rm", "bash", "-c", "mount --bind /etc/hosts /etc/hosts").Run() == nil
})

func (a *agent) check(t *testing.T, w *sandbox.Sandbox, job miniagent.Job, r miniagent.Result) {
	t.Helper()
	for _, v := range w.Violations() {
		t.Errorf("violation: %s", v)
	}
	for _, c := range r.CommandErrors() {
		t.Errorf("the agent could not obey: %s", c)
	}
	if len(r.Leftovers) > 0 || len(r.Orphans) > 0 {
		t.Errorf("left behind: files %q, processes %v", r.Leftovers, r.Orphans)
	}
	for _, line := range shown(r, append(trueSecrets(job, r), w.JobToken)) {
		t.Errorf("a part of a secret stands in the log: %s", line)
	}
}

// trueSecrets are the registered values but for those of the connection's parameters,
// which the agent masks although they are none.
func trueSecrets(job miniagent.Job, r miniagent.Result) []string {
	return slices.DeleteFunc(slices.Clone(r.Secrets), func(s string) bool {
		return slices.ContainsFunc(job.Connections, func(c miniagent.Connection) bool {
			for _, value := range c.Env {
				if value == s {
					return true
				}
			}
			return false
		})
	})
}

// run is how many letters and digits in a row give a secret away, whatever stands
// between them.
const run = 16

// shown are the lines of the log that show a part of a secret in any spelling.
func shown(r miniagent.Result, secrets []string) []string {
	parts := map[string]bool{}
	for _, s := range secrets {
		s = letters(s)
		for i := 0; i+run <= len(s); i++ {
			parts[s[i:i+run]] = true
		}
	}
	var found []string
	for _, line := range r.Log {
		line, _, _ = strings.Cut(line, "#denial=") // claims for the set-up page, in base64 as in the token
		text := letters(line)
		for i := 0; i+run <= len(text); i++ {
			if parts[text[i:i+run]] {
				found = append(found, line)
				break
			}
		}
	}
	return found
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

var (
	hostPort = regexp.MustCompile(`\b127\.0\.0\.1(:\d+)?\b`)
	nextTry  = regexp.MustCompile(`; next try in `)
)

// said is the code and the first line of the step's error; a step that succeeded says
// nothing.
func said(r miniagent.Result) string {
	for _, i := range r.Steps[0].Issues {
		if i.Type == "error" {
			first, _, _ := strings.Cut(i.Message, "\n")
			return hostPort.ReplaceAllString(first, "loopback")
		}
	}
	return "succeeded"
}

// counted are the requests that arrived, by leg.
func counted(w *sandbox.Sandbox) string {
	var parts []string
	for _, l := range []struct{ leg, name string }{{sandbox.LegADO, "ado"}, {sandbox.LegEntra, "entra"}, {sandbox.LegSTS, "sts"}} {
		if n := len(w.Requests(l.leg)); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", l.name, n))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// outOfTime is what the table says of a step that its timeoutSeconds ended.
const outOfTime = "until timeoutSeconds"

// pauses says in a word where the time of a step went.
func pauses(r miniagent.Result) string {
	n := 0
	for _, line := range r.Log {
		n += len(nextTry.FindAllString(line, -1))
	}
	switch {
	case strings.HasPrefix(said(r), "AAR-TIMEOUT"):
		return outOfTime
	case n == 0:
		return "no pause"
	case n == 1:
		return "1 pause"
	}
	return fmt.Sprintf("%d pauses", n)
}

// exports says whether credentials were exported, and wants all or nothing.
func exports(t *testing.T, r miniagent.Result) string {
	t.Helper()
	var names []string
	for name := range r.Variables {
		if strings.HasPrefix(name, "AWS_") && name != "AWS_ENDPOINT_URL_STS" || strings.HasPrefix(name, "aws.") {
			names = append(names, name)
		}
	}
	switch succeeded := said(r) == "succeeded"; {
	case succeeded && len(names) == 10:
		return "all"
	case !succeeded && len(names) == 0:
		return "nothing"
	}
	t.Errorf("exported %q", names)
	return "some"
}
