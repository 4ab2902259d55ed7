package clients_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// Clients that read credential_process from the shared credentials file alone.

// runAs runs a program in the environment of a later step.
func (j *job) runAs(t *testing.T, command string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command, args...)
	for name, value := range j.step(false) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestRestic makes a repository and backs a file up with restic, as every program on
// minio-go would find its credentials.
func TestRestic(t *testing.T) {
	t.Parallel()
	restic := need.Program(t, "restic", "apt-get install restic")
	j := run(t, "profile", 0)
	b := &bucket{sandbox: j.sandbox, objects: map[string][]byte{}}
	s3 := httptest.NewServer(b)
	t.Cleanup(s3.Close)
	dir := t.TempDir()
	for name, text := range map[string]string{"password": "canary", "file": "content"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init"}, {"backup", filepath.Join(dir, "file")}, {"check"}} {
		args = append(args, "--repo", "s3:"+s3.URL+"/state", "--password-file", filepath.Join(dir, "password"), "--no-cache")
		if out, err := j.runAs(t, restic, args...); err != nil {
			t.Fatalf("%s: %v\n%s\nrefused: %q", args[0], err, out, b.refused)
		}
	}
	for _, r := range b.refused {
		t.Error("refused:", r)
	}
	for _, signer := range b.signers {
		if !strings.HasPrefix(signer, wantARN) {
			t.Error("signed by", signer)
		}
	}
	j.checkNobodyAskedForMetadata(t)
}

// TestPHP reads the file as the AWS SDK for PHP does: parse_ini_file in raw mode, then
// the shell (aws/aws-sdk-php src/Credentials/CredentialProvider.php).
func TestPHP(t *testing.T) {
	t.Parallel()
	php := need.Program(t, "php", "apt-get install php-cli")
	j := run(t, "profile", 0)
	out, err := j.runAs(t, php, filepath.Join("testdata", "php", "identity.php"))
	if err != nil || !strings.HasPrefix(out, "ASIA") {
		t.Errorf("PHP answers without an access key id, error %v:\n%s", err, out)
	}
	if got := j.requests("AssumeRoleWithWebIdentity"); got != 1 {
		t.Errorf("%d calls of AWS STS, want the step's", got)
	}
}
