//go:build linux

package arm64_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// machine is an agent on linux/arm64 with the packed task.
type machine struct {
	*guest.Job
	t    *testing.T
	qemu *guest.QEMU
	task string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	qemu, err := guest.FindQEMU(t.Context())
	guest.Need(t, err)
	task, err := guest.UnpackTask(need.VSIX(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	world, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	return &machine{guest.NewJob(world, t.TempDir()), t, qemu, task}
}

// run runs a command with an environment and returns its standard output.
func (m *machine) run(env map[string]string, name string, args ...string) string {
	m.t.Helper()
	var variables []string
	for name, value := range env {
		variables = append(variables, name+"="+value)
	}
	cmd := m.qemu.Command(m.t.Context(), variables, name, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		m.t.Errorf("%s %q: %v: %s%s", name, args, err, out, &errs)
	}
	return string(out)
}

// step runs the main part of the task, by the given command, and does what it says.
func (m *machine) step(exportAs string, command ...string) {
	m.t.Helper()
	out := m.run(m.Environment(exportAs), command[0], command[1:]...)
	if strings.Contains(out, "task.complete") {
		m.t.Fatalf("the task failed:\n%s", out)
	}
	m.Obey(out)
}

// endsClean runs the post-job part, by the given command.
func (m *machine) endsClean(command ...string) {
	m.t.Helper()
	if out := m.run(m.PostEnvironment(), command[0], command[1:]...); out != "" {
		m.t.Errorf("the post-job part said: %s", out)
	}
	if left, err := os.ReadDir(m.Temp); err != nil || len(left) > 0 {
		m.t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestLauncher runs the task as the agent does, with Node for arm64.
func TestLauncher(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	node, err := guest.NodeARM64(t.Context())
	guest.Need(t, err)
	m.step("variables", node, filepath.Join(m.task, "index.js"))
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		if m.Secret[name] == "" {
			t.Errorf("%s is not exported as a secret", name)
		}
	}
	m.endsClean(node, filepath.Join(m.task, "post.js"))
}

// TestProfile renews for many callers at once.
func TestProfile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	found, err := filepath.Glob(filepath.Join(m.task, "bin", "*linux-arm64*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("programs for arm64: %q, %v", found, err)
	}
	if err := os.Chmod(found[0], 0o755); err != nil {
		t.Fatal(err)
	}
	m.step("profile", found[0], "task")
	dir := filepath.Dir(m.Plain["AWS_CONFIG_FILE"])
	states, err := filepath.Glob(filepath.Join(dir, "state-*.json"))
	if err != nil || len(states) != 1 {
		t.Fatalf("states: %q, %v", states, err)
	}
	if err := guest.Expire(states[0], 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(states[0]), "state-"), ".json")
	answers := sync.Map{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			// The caller's variables, those of the Go runtime too, have no say.
			env := map[string]string{"GOMEMLIMIT": "1GB", "GOMAXPROCS": "100000", "GOGC": "1", "AWS_REGION": "us-east-1"}
			answers.Store(m.run(env, filepath.Join(dir, "assume-aws-role"), "credential-process", id), true)
		})
	}
	wg.Wait()
	different := 0
	answers.Range(func(answer, _ any) bool {
		different++
		if text, _ := answer.(string); !strings.HasPrefix(text, `{"Version":1,`) {
			t.Errorf("a caller got %q", answer)
		}
		return true
	})
	if different != 1 || m.Assumed() != 2 {
		t.Errorf("%d different answers after %d sessions, want 1 after the step's and one renewal", different, m.Assumed())
	}
	m.endsClean(found[0], "post")
}
