package clients_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// TestKilledStepLeavesNothing ends steps that write a profile at many moments, as a
// cancelled job or a machine without memory does, and lets the post-job part run.
func TestKilledStepLeavesNothing(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	began := time.Now()
	whole := guest.NewJob(world, t.TempDir())
	whole.Obey(start(t, whole.Environment("profile"), "task").wait())
	took := time.Since(began)
	const moments = 24
	cut := 0
	for i := range moments {
		wait := took * time.Duration(i) / moments
		signal := []os.Signal{os.Kill, syscall.SIGINT}[i%2]
		job := guest.NewJob(world, t.TempDir())
		job.Obey(endAfter(t, job.Environment("profile"), wait, signal))
		if len(inside(t, job.Temp)) > 0 {
			cut++
		}
		if out := start(t, job.PostEnvironment(), "post").wait(); out != "" {
			t.Errorf("%v after %s: the post-job part said: %s", signal, wait, out)
		}
		if left := inside(t, job.Temp); len(left) > 0 {
			t.Errorf("%v after %s left %v", signal, wait, left)
		}
	}
	if cut == 0 {
		t.Error("no step was ended while it had written something, so nothing was shown")
	}
}

func inside(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// started is a mode of the program that runs.
type started struct {
	*exec.Cmd
	out *strings.Builder
}

func start(t *testing.T, env map[string]string, mode string) started {
	t.Helper()
	s := started{exec.CommandContext(t.Context(), binary(t), mode), &strings.Builder{}}
	for name, value := range env {
		s.Env = append(s.Env, name+"="+value)
	}
	s.Stdout = s.out
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s started) wait() string {
	_ = s.Wait()
	return s.out.String()
}

// endAfter runs the main part, ends it, and returns what it has said.
func endAfter(t *testing.T, env map[string]string, wait time.Duration, signal os.Signal) string {
	t.Helper()
	s := start(t, env, "task")
	<-time.After(wait)
	_ = s.Process.Signal(signal)
	return s.wait()
}
