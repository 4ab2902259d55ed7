package clients_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// configuration stores its state in the bucket, under a lock that is an object, too.
// Its one resource takes the given number of seconds.
const configuration = `
terraform {
  backend "s3" {
    bucket         = "state"
    key            = "deploy/terraform.tfstate"
    region         = "eu-west-1"
    use_path_style = true
    use_lockfile   = true
    endpoints      = { s3 = %q, sts = %q }
  }
}

resource "terraform_data" "deploy" {
  provisioner "local-exec" { command = "sleep %d" }
}
`

// tofu is a directory with a configuration, and the bucket of its state.
type tofu struct {
	*bucket
	job     *job
	program string
	dir     string
	env     map[string]string
}

func newTofu(t *testing.T, exportAs string, session, deploy int) *tofu {
	t.Helper()
	need.Full(t)
	program := need.OpenTofu(t)
	j := run(t, exportAs, session)
	b := &bucket{sandbox: j.sandbox, objects: map[string][]byte{}}
	s3 := httptest.NewServer(b)
	t.Cleanup(s3.Close)
	dir := t.TempDir()
	text := fmt.Sprintf(configuration, s3.URL, j.sandbox.STSURL, deploy)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tofu{bucket: b, job: j, program: program, dir: dir, env: j.step(exportAs == "variables")}
}

func (o *tofu) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.program, append(args, "-input=false", "-no-color")...)
	cmd.Dir = o.dir
	for name, value := range o.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// deploy initialises and applies, and checks that the role wrote the state.
func (o *tofu) deploy(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"init"}, {"apply", "-auto-approve"}} {
		if out, err := o.run(t, args...); err != nil {
			t.Fatalf("tofu %s: %v\n%s", args[0], err, out)
		}
	}
	if state := string(o.objects["/state/deploy/terraform.tfstate"]); !strings.Contains(state, "terraform_data") {
		t.Errorf("the state is %q", state)
	}
	for _, r := range o.refused {
		t.Error("refused:", r)
	}
	for _, signer := range o.signers {
		if !strings.HasPrefix(signer, wantARN) {
			t.Error("signed by", signer)
		}
	}
	o.job.checkNobodyAskedForMetadata(t)
}

func TestTofuWithVariables(t *testing.T) {
	t.Parallel()
	newTofu(t, "variables", 0, 0).deploy(t)
}

// TestTofuAcrossRenewal deploys for longer than the first credentials last: the state
// is written with the next ones.
func TestTofuAcrossRenewal(t *testing.T) {
	t.Parallel()
	o := newTofu(t, "profile", sessionSeconds, sessionSeconds+1)
	o.deploy(t)
	if len(o.keys) > 0 && o.keys[0] == o.keys[len(o.keys)-1] {
		t.Error("the first and the last request were signed with the same credentials")
	}
}

func TestTofuWithFailingProfile(t *testing.T) {
	t.Parallel()
	o := newTofu(t, "profile", 0, 0)
	o.job.damage(t)
	if out, err := o.run(t, "init"); err == nil {
		t.Errorf("it found credentials:\n%s", out)
	}
	if len(o.signers)+len(o.refused) > 0 {
		t.Errorf("it asked S3: signed by %q, refused %q", o.signers, o.refused)
	}
	o.job.checkNobodyAskedForMetadata(t)
}
