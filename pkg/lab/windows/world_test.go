//go:build linux

package windows_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// workDir is where programs are built; TestMain removes it.
var workDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "windows-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workDir = dir
	code := m.Run()
	if w, err := wine(); err == nil {
		w.End()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// wine is the one emulator of all tests.
var wine = sync.OnceValues(func() (*guest.Wine, error) {
	w, err := guest.FindWine(context.Background())
	if err != nil {
		return nil, err
	}
	return w, w.Begin(context.Background())
})

func needWine(t *testing.T) *guest.Wine {
	t.Helper()
	w, err := wine()
	guest.Need(t, err)
	return w
}

// overlay is the file for go build -overlay.
var overlay = sync.OnceValues(func() (string, error) { return writeOverlay(filepath.Join(workDir, "overlay")) })

// product is the task's program for Windows, with the overlay.
var product = sync.OnceValues(func() (string, error) {
	file, err := overlay()
	if err != nil {
		return "", err
	}
	return buildWindows(filepath.Join("..", "..", ".."), "./cmd/assume-aws-role", "-overlay", file)
})

func needProduct(t *testing.T) string {
	t.Helper()
	exe, err := product()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// buildWindows builds a program of the module in dir.
func buildWindows(dir, pkg string, flags ...string) (string, error) {
	target, err := os.MkdirTemp(workDir, "go-")
	if err != nil {
		return "", err
	}
	exe := filepath.Join(target, "program.exe")
	cmd := exec.Command("go", append(append([]string{"build", "-buildvcs=false"}, flags...), "-o", exe, pkg)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s for Windows: %w: %s", pkg, err, out)
	}
	return exe, nil
}

// agent is a work folder on drive C with a job in it.
type agent struct {
	*guest.Job
	t    *testing.T
	wine *guest.Wine
}

// newAgent makes a work folder of the given name.
func newAgent(t *testing.T, folder string) *agent {
	t.Helper()
	w := needWine(t)
	world, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	//nolint:usetesting // it must lie on drive C, in Wine's prefix
	root, err := os.MkdirTemp(w.LinuxPath(`C:\`), "t")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	a := &agent{guest.NewJob(world, `C:\`+filepath.Base(root)+`\`+folder+`\_work\_temp`), t, w}
	if err := os.MkdirAll(w.LinuxPath(a.Temp), 0o755); err != nil {
		t.Fatal(err)
	}
	return a
}

// system is what a process of Windows finds in its environment.
var system = []string{`SystemRoot=C:\windows`, `TEMP=C:\windows\temp`, `TMP=C:\windows\temp`, `USERPROFILE=C:\users\root`, `ComSpec=C:\windows\system32\cmd.exe`}

// command runs a program in the environment of a step. On a busy machine Wine has ended
// one with 1 before it could say a word; none of these programs fails in silence, so one
// that seems to is run once more.
func (a *agent) command(env map[string]string, program string, args ...string) (string, error) {
	a.t.Helper()
	out, err := a.once(env, program, args...)
	var exit *exec.ExitError
	if out == "" && errors.As(err, &exit) && exit.ExitCode() == 1 {
		a.t.Logf("%s under Wine: %v, and nothing said; run again", filepath.Base(program), err)
		return a.once(env, program, args...)
	}
	return out, err
}

// once runs a program. Its output goes to a file: Node for Windows refuses the pipes
// that it would get from Linux.
func (a *agent) once(env map[string]string, program string, args ...string) (string, error) {
	a.t.Helper()
	cmd := a.wine.Command(a.t.Context(), program, args...)
	cmd.Env = append(cmd.Env, system...)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := os.CreateTemp(a.t.TempDir(), "out")
	if err != nil {
		a.t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	runErr := cmd.Run()
	text, err := os.ReadFile(out.Name())
	if err != nil {
		a.t.Fatal(err)
	}
	return string(text), runErr
}

// step runs the task's main part and does what its commands say.
func (a *agent) step(exportAs string) string {
	a.t.Helper()
	out, err := a.command(a.Environment(exportAs), needProduct(a.t), "task")
	if err != nil {
		a.t.Fatalf("the task: %v\n%s", err, out)
	}
	a.Obey(out)
	return out
}

// profile runs a step with exportAs: profile that must succeed.
func (a *agent) profile() {
	a.t.Helper()
	if out := a.step("profile"); strings.Contains(out, "task.complete") {
		a.t.Fatalf("the task failed:\n%s", out)
	}
}

// endsClean runs the post-job part, which must say nothing and leave nothing.
func (a *agent) endsClean() {
	a.t.Helper()
	out, err := a.command(a.PostEnvironment(), needProduct(a.t), "post")
	a.wasClean(out, err)
}

func (a *agent) wasClean(out string, err error) {
	a.t.Helper()
	if err != nil || out != "" {
		a.t.Errorf("the post-job part: %v, %s", err, out)
	}
	if left := a.left(); len(left) > 0 {
		a.t.Errorf("left behind: %q", left)
	}
}

// left are the names of what lies in the temp directory.
func (a *agent) left() []string {
	a.t.Helper()
	entries, err := os.ReadDir(a.wine.LinuxPath(a.Temp))
	if err != nil {
		a.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// readFile reads a file that Windows names.
func (a *agent) readFile(name string) string {
	a.t.Helper()
	data, err := os.ReadFile(a.wine.LinuxPath(name))
	if err != nil {
		a.t.Fatal(err)
	}
	return string(data)
}

// directory is the profile's, as Linux names it.
func (a *agent) directory() string {
	return a.wine.LinuxPath(strings.TrimSuffix(a.Plain["AWS_CONFIG_FILE"], `\config`))
}

// state is the file behind the profile.
func (a *agent) state() (path, id string) {
	a.t.Helper()
	found, err := filepath.Glob(filepath.Join(a.directory(), "state-*.json"))
	if err != nil || len(found) != 1 {
		a.t.Fatalf("states: %q, %v", found, err)
	}
	return found[0], strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "state-"), ".json")
}
