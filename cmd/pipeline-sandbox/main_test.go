package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// TestMain lets the steps of a job call this program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "call-identity" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// TestDemo runs the job of the demo where no AWS CLI is installed, and with one that
// knows only the endpoint it is given as an argument, as old versions do: it would ask
// AWS on the internet otherwise.
func TestDemo(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	vsix := need.VSIX(t)
	for name, cli := range map[string]string{
		"no AWS CLI": "",
		"an old AWS CLI": `#!/bin/sh
case "$*" in
"sts get-caller-identity --endpoint-url http://127.0.0.1:"*) exec '` + self + `' call-identity ;;
esac
echo "not on loopback: $*" >&2
exit 1
`,
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			for _, program := range []string{"node", "bash", "sh"} {
				if err := os.Symlink(need.Program(t, program, "apt-get install "+program), filepath.Join(bin, program)); err != nil {
					t.Fatal(err)
				}
			}
			if cli != "" {
				if err := os.WriteFile(filepath.Join(bin, "aws"), []byte(cli), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", bin)
			var out, problems strings.Builder
			status := run(t.Context(), []string{"run", filepath.Join("..", "..", "examples", "sandbox.yml"), "--vsix", vsix}, &out, &problems)
			if status != 0 {
				t.Errorf("status %d\n%s%s", status, &out, &problems)
			}
			if n := strings.Count(out.String(), "arn:aws:sts::111122223333:assumed-role/deploy/"); n < 2 {
				t.Errorf("both steps must say whose credentials they use:\n%s", &out)
			}
		})
	}
}

// TestDemoWithTheInstalledCLI runs it with the AWS CLI of this machine where nothing but
// loopback exists.
func TestDemoWithTheInstalledCLI(t *testing.T) {
	need.Program(t, "aws", "apt-get install awscli")
	vsix := need.VSIX(t)
	ip := need.Program(t, "ip", "apt-get install iproute2")
	unshare := need.Program(t, "unshare", "apt-get install util-linux")
	if err := exec.Command(unshare, "-n", "true").Run(); err != nil {
		t.Skip("this machine allows no network of its own: ", err)
	}
	program := filepath.Join(t.TempDir(), "pipeline-sandbox")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("the command does not build: %v\n%s", err, out)
	}
	out, err := exec.Command(unshare, "-n", "sh", "-c", `"$0" link set lo up && exec "$@"`, ip,
		program, "run", filepath.Join("..", "..", "examples", "sandbox.yml"), "--vsix", vsix).CombinedOutput()
	if err != nil {
		t.Errorf("the demo failed without a network: %v\n%s", err, out)
	}
}
