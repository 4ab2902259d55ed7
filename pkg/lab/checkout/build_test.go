package checkout

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// result is what a command printed and how it ended.
type result struct {
	stdout, stderr string
	status         int
}

// build runs build.sh in a checkout with more variables.
func build(t *testing.T, root string, env []string, args ...string) result {
	t.Helper()
	need.Program(t, "bash", "apt-get install bash")
	c := exec.CommandContext(t.Context(), filepath.Join(root, "build.sh"), args...)
	var stdout, stderr bytes.Buffer
	c.Dir, c.Env, c.Stdout, c.Stderr = t.TempDir(), append(os.Environ(), env...), &stdout, &stderr
	err := c.Run()
	if exit, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatal(err)
	} else if failed {
		return result{stdout.String(), stderr.String(), exit.ExitCode()}
	}
	return result{stdout: stdout.String(), stderr: stderr.String()}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"help"}, {"demo", "--help"}, {"package", "-h"}} {
		r := build(t, need.Root(t), nil, args...)
		if r.status != 0 || r.stderr != "" {
			t.Errorf("%v: status %d\n%s", args, r.status, r.stderr)
		}
		if !strings.Contains(r.stdout, "examples/sandbox.yml") {
			t.Errorf("%v: no help:\n%s", args, r.stdout)
		}
	}
	if r := build(t, need.Root(t), nil); r.status != 2 || !strings.Contains(r.stderr, "usage:") {
		t.Errorf("without a command: status %d\n%s", r.status, r.stderr)
	}
}

// TestOldTools puts an old Go and an old Node first in PATH: one sentence says what is
// required and what was found.
func TestOldTools(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script, required, found string }{
		{"go", `echo "go version go1.20.14 linux/amd64"`, "Go 1.21 or newer is required", "go1.20.14"},
		{"node", `case $1 in -p) echo 18 ;; *) echo v18.20.8 ;; esac`, "Node 20 or newer is required", "v18.20.8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, tt.name), []byte("#!/bin/sh\n"+tt.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			r := build(t, need.Root(t), []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH")}, "demo")
			lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
			last := lines[len(lines)-1]
			if r.status != 1 {
				t.Errorf("status %d, want 1\n%s", r.status, r.stderr)
			}
			if !strings.Contains(last, tt.required) || !strings.Contains(last, tt.found) {
				t.Errorf("the last line says neither %q nor %q, or one of them: %s", tt.required, tt.found, last)
			}
		})
	}
}

// TestReproducible builds two clones in two folders with two caches, and lets one verify
// what the other made with all flags.
func TestReproducible(t *testing.T) {
	need.Full(t)
	git := need.Program(t, "git", "apt-get install git")
	if _, err := os.Stat(filepath.Join(need.Root(t), ".git")); err != nil {
		need.Missing(t, "a git checkout", "clone the repository instead of unpacking it")
	}
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "a second folder")
	for _, clone := range []string{one, two} {
		if out, err := exec.Command(git, "clone", "-q", need.Root(t), clone).CombinedOutput(); err != nil {
			t.Fatalf("git clone failed: %v\n%s", err, out)
		}
	}
	other := []string{"GOCACHE=" + t.TempDir()}
	mine, theirs := sums(t, one, nil), sums(t, two, other)
	if mine != theirs {
		t.Errorf("two builds of one commit differ:\n%s\n%s", mine, theirs)
	}
	r := build(t, one, nil, "package", "--dev", "--publisher", "contoso", "--version", "1.2.3", "--without", "azureDevOps,awsToolkit")
	if r.status != 0 {
		t.Fatal(r.stderr)
	}
	file := filepath.Join(one, strings.TrimSpace(r.stdout))
	if r := build(t, two, other, "verify", file); r.status != 0 || !strings.Contains(r.stderr, "identical: ") {
		t.Errorf("verify with the noted flags: status %d\n%s", r.status, r.stderr)
	}
}

// sums packages a checkout and returns its checksums.
func sums(t *testing.T, root string, env []string) string {
	t.Helper()
	if r := build(t, root, env, "package"); r.status != 0 {
		t.Fatal(r.stderr)
	}
	content, err := os.ReadFile(filepath.Join(root, "dist", "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
