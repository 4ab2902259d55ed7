// Package need finds what tests need besides Go: programs, the packed extension,
// other versions of Node, OpenTofu. A test whose need is not met is skipped by name,
// and fails where the variable CI is true, so that nothing is left out in silence.
package need

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Missing skips the test because something is missing, and fails it in CI. hint says
// how to get it, for example "apt-get install shellcheck". build.sh prints what was
// missing at the end.
func Missing(t *testing.T, what, hint string) {
	t.Helper()
	text := fmt.Sprintf("missing: %s (%s)", what, hint)
	if os.Getenv("CI") == "true" {
		t.Fatal(text)
	}
	if list := os.Getenv("AAR_SKIPPED"); list != "" {
		if f, err := os.OpenFile(list, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
			fmt.Fprintln(f, text)
			f.Close()
		}
	}
	t.Skip(text)
}

// Program returns the path of a program in PATH, or skips the test as Missing does.
func Program(t *testing.T, name, hint string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name, hint)
	}
	return path
}

// NodeProgram is the Node that tests use: the one that AAR_NODE names, else the one
// in PATH.
func NodeProgram(t *testing.T) string {
	t.Helper()
	name := os.Getenv("AAR_NODE")
	if name == "" {
		name = "node"
	}
	return Program(t, name, "see https://nodejs.org/en/download")
}

// VSIX returns the packed extension, which ./build.sh test makes and names in AAR_VSIX.
func VSIX(t *testing.T) string {
	t.Helper()
	file := os.Getenv("AAR_VSIX")
	if file == "" {
		Missing(t, "the packed extension", "run ./build.sh test, which makes it and names it in AAR_VSIX")
	}
	return file
}

// Full skips a test that takes minutes and runs with ./build.sh test --full only.
func Full(t *testing.T) {
	t.Helper()
	if os.Getenv("AAR_FULL") == "" {
		t.Skip("runs with ./build.sh test --full")
	}
}

// Root is the top folder of the checkout.
func Root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("the test does not run in a checkout")
		}
		dir = filepath.Dir(dir)
	}
}

// making is held while a tool is made, which can take minutes: tests that need the same
// one wait for it.
var making sync.Mutex

// tool returns a file below dist/.tools/NAME, after make has filled that folder when
// it was not there. Tests of several packages may do so at once.
func tool(t *testing.T, name, file, hint string, make func(dir string) error) string {
	t.Helper()
	tools := filepath.Join(Root(t), "dist", ".tools")
	path := filepath.Join(tools, name, filepath.FromSlash(file))
	making.Lock()
	defer making.Unlock()
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	//nolint:usetesting // it must lie where it is renamed to, on one file system
	dir, err := os.MkdirTemp(tools, "making-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // some tests run tools as another user
		t.Fatal(err)
	}
	if err := make(dir); err != nil {
		t.Log(err)
		Missing(t, name, hint)
	}
	_ = os.Rename(dir, filepath.Join(tools, name)) // another test may have been faster
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// run starts a program in dir; its output is part of the error.
func run(dir string, env []string, name string, args ...string) ([]byte, error) {
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	out, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%s %v: %w\n%s%s", name, args, err, out, exit.Stderr)
	}
	return out, err
}

// Again runs the tests of the calling package that match pattern once more, as a
// process with other variables. They do not see AAR_FULL.
func Again(t *testing.T, pattern string, env ...string) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out, err := run(dir, append(env, "AAR_FULL="), os.Args[0], "-test.run="+pattern, "-test.count=1")
	if err != nil {
		t.Errorf("with %v: %v\n%s", env, err, out)
	}
}
