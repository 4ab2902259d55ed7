package miniagent

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"job.yml"}, {"--vsix", "a.vsix"}, {"job.yml", "--vsix", "a.vsix", "more"}, {"job.yml", "--vsix", "a.vsix", "--unknown"}} {
		var stdout, stderr bytes.Buffer
		if status := Main(t.Context(), args, os.LookupEnv, &stdout, &stderr); status != 2 {
			t.Errorf("%q: status %d, want 2", args, status)
		}
		if !strings.HasPrefix(stderr.String(), "usage: ") || stdout.Len() > 0 {
			t.Errorf("%q: no usage on standard error, or something on standard output: %q, %q", args, stderr.String(), stdout.String())
		}
	}
}

func TestMainErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"job.yml", "--vsix", "missing.vsix"}, "opening package"},
		{[]string{"job.yml", "--vsix", "missing.vsix", "--fault", "nonsense"}, "nonsense"},
	} {
		var stdout, stderr bytes.Buffer
		if status := Main(t.Context(), tt.args, os.LookupEnv, &stdout, &stderr); status != 1 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: status %d, %q", tt.args, status, stderr.String())
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	for _, tt := range []struct {
		result Result
		want   string
	}{
		{Result{Outcome: Succeeded}, ""},
		{Result{Outcome: Failed}, "Failed instead of Succeeded"},
		{Result{Outcome: Succeeded, Log: []string{"s3cret-value"}, Secrets: []string{"s3cret-value"}}, "a secret stands in the log"},
		{Result{Outcome: Succeeded, Leftovers: []string{"/file"}}, "/file"},
		{Result{Outcome: Succeeded, Orphans: []int{1}}, "outlived"},
		{Result{Outcome: Succeeded, Steps: []StepResult{{CommandErrors: []string{"bad"}}}}, "could not obey: bad"},
	} {
		err := tt.result.judge(world, Succeeded)
		if (err == nil) != (tt.want == "") {
			t.Errorf("%+v: error is %v, want %q", tt.result, err, tt.want)
		}
		if err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v lacks %q", tt.result, err, tt.want)
		}
	}
}

// TestNewJob: an agent's proxy password is a secret variable; connections and the
// system endpoint are no variables.
func TestNewJob(t *testing.T) {
	t.Parallel()
	cfg := sandbox.Default()
	cfg.Proxy = sandbox.ProxySettings{Username: "u", Password: "pass-word"}
	world, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	job := NewJob(world, sandbox.EnvOptions{Proxy: true}, "x.vsix", t.TempDir(), "/bin")
	vars := fill(job.Variables...)
	if v, _ := vars.get("Agent.ProxyPassword"); !v.Secret || v.Value != "pass-word" {
		t.Errorf("proxy password is %+v", v)
	}
	v, _ := vars.get("System.OidcRequestUri")
	if v.Value == "" {
		t.Error("the request URI is not set")
	}
	if v.Secret || !v.ReadOnly {
		t.Errorf("the request URI is secret or may be set: %+v", v)
	}
	for _, v := range job.Variables {
		if strings.HasPrefix(strings.ToUpper(v.Name), "ENDPOINT") || strings.HasPrefix(strings.ToUpper(v.Name), "INPUT") {
			t.Errorf("%s is a variable", v.Name)
		}
	}
	if job.System["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"] != world.JobToken {
		t.Error("the system connection has not the job's token")
	}
}
