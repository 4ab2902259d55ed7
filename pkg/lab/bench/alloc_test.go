package bench

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// childMode names the mode of the task's program that this test binary runs, in a process
// of its own, instead of the tests.
const childMode = "AAR_BENCH_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childMode); args != "" {
		os.Exit(child(strings.Fields(args)))
	}
	os.Exit(m.Run())
}

// spent is what a process has allocated since its main began.
type spent struct{ Objects, Bytes uint64 }

// child runs a mode as main would and writes what it spent to standard error.
func child(args []string) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	status := cli.Run(context.Background(), cli.Env{
		Args: args, Lookup: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now, Version: "test",
		Executable: func() (string, error) { return os.Getenv("AAR_BENCH_EXECUTABLE"), nil },
	})
	runtime.ReadMemStats(&after)
	_ = json.NewEncoder(os.Stderr).Encode(spent{after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc})
	return status
}

// spend runs a mode in a process of its own.
func spend(t *testing.T, args string, env []string) spent {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(env, childMode+"="+args)
	var errs strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("the program failed: %v: %s", err, &errs)
	}
	var got spent
	if err := json.Unmarshal([]byte(errs.String()), &got); err != nil {
		t.Fatalf("the program does not say what it spent: %v: %s", err, &errs)
	}
	return got
}

// TestAllocations bounds what the two hot paths allocate, with a fifth to spare: what a
// process allocates once, it pays for with every step and with every call of an SDK.
func TestAllocations(t *testing.T) {
	t.Parallel()
	if raceDetector {
		t.Skip("the race detector allocates, too")
	}
	world := newWorld(t, nil)
	b := &bench{dir: t.TempDir(), world: world}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b.bin = self
	cached, err := b.write(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []struct {
		what, args string
		env        []string
		most       spent
	}{
		{"a step", "task", b.environment(world, sandbox.EnvOptions{}, nil), spent{Objects: 3000, Bytes: 640_000}},
		{"a cached credential", strings.Join(cached.args[1:], " "), []string{"AAR_BENCH_EXECUTABLE=" + cached.args[0]}, spent{Objects: 365, Bytes: 34_500}},
	} {
		got := spend(t, path.args, path.env)
		if got.Objects > path.most.Objects {
			t.Errorf("%s allocates %d objects, at most %d", path.what, got.Objects, path.most.Objects)
		}
		if got.Bytes > path.most.Bytes {
			t.Errorf("%s allocates %d bytes, at most %d", path.what, got.Bytes, path.most.Bytes)
		}
	}
	if n := b.granted(); n != 1 {
		t.Errorf("the step got credentials %d times", n)
	}
}
