package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

func init() { programs["launcher"] = launcher }

// launcher starts the program as Node does, and says which process it is. A shell
// would not do: it drops variables whose names hold a hyphen.
func launcher() {
	program := exec.Command("assume-aws-role", "task")
	program.Stdout = os.Stdout
	if err := program.Start(); err == nil {
		fmt.Println(program.Process.Pid)
		_ = program.Wait()
	}
}

// waiting is a step whose program waits for its token.
type waiting struct {
	launcher *exec.Cmd
	program  int // process id
	out      *bufio.Reader
	dir      string
	left     chan struct{} // closed when the program has given up its request
	world    *sandbox.Sandbox
}

func startWaiting(t *testing.T) *waiting {
	t.Helper()
	s, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w := &waiting{dir: t.TempDir(), left: make(chan struct{}), world: s}
	arrived := make(chan struct{})
	arrive, leave := sync.OnceFunc(func() { close(arrived) }), sync.OnceFunc(func() { close(w.left) })
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client leaves
		arrive()
		<-r.Context().Done()
		leave()
	}))
	t.Cleanup(service.Close)

	w.launcher = exec.Command("launcher")
	w.launcher.Dir = w.dir
	w.launcher.Env = append(waitingEnvironment(s, w.dir, service.URL), "GOTRACEBACK=crash")
	out, err := w.launcher.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.launcher.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.launcher.Process.Kill()
		_ = syscall.Kill(w.program, syscall.SIGKILL)
	})
	w.out = bufio.NewReader(out)
	line, err := w.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if w.program, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		t.Fatal("the program asks for no token: " + w.rest(t))
	}
	return w
}

// waitingEnvironment is that of a step whose organisation is the given service.
func waitingEnvironment(s *sandbox.Sandbox, dir, service string) []string {
	agent := s.Environment(sandbox.EnvOptions{TempDirectory: dir})
	conn, _ := s.Config().Connection("aws-prod")
	agent["INPUT_SERVICECONNECTION"] = conn.ID
	agent["INPUT_ROLEARN"] = "arn:aws:iam::111122223333:role/deploy"
	agent["INPUT_REGION"] = "eu-west-1"
	host := strings.Join(strings.Split(agent["ENDPOINT_URL_SYSTEMVSSCONNECTION"], "/")[:3], "/")
	env := []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range agent {
		env = append(env, name+"="+strings.ReplaceAll(value, host, service))
	}
	return env
}

// rest reads what the step still prints, until its last process has ended.
func (w *waiting) rest(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(w.program, syscall.SIGKILL) })
	rest, err := io.ReadAll(w.out)
	if err != nil {
		t.Fatal(err)
	}
	if !stop() {
		t.Error("the program outlives its launcher")
	}
	return string(rest)
}

// TestNothingIsExportedWithoutALauncher kills the launcher, as the kernel does when
// memory runs out: the agent counts the step as failed.
func TestNothingIsExportedWithoutALauncher(t *testing.T) {
	w := startWaiting(t)
	if err := w.launcher.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if out := w.rest(t); strings.Contains(out, "task.setvariable") {
		t.Errorf("the program exported for a failed step:\n%s", out)
	}
	<-w.left
	for _, r := range w.world.Requests(sandbox.LegSTS) {
		t.Errorf("the program went on: %s %s", r.Method, r.Path)
	}
}

// TestNoCoreDump ends the program as a crash does, where the system would write its
// memory to the working directory.
func TestNoCoreDump(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	raised := syscall.Rlimit{Cur: before.Max, Max: before.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &raised); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &before) })
	w := startWaiting(t)
	limits, err := os.ReadFile("/proc/" + strconv.Itoa(w.program) + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") && strings.Join(strings.Fields(line)[4:6], " ") != "0 0" {
			t.Error(line)
		}
	}
	if err := syscall.Kill(w.program, syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	w.rest(t)
	dumps, err := filepath.Glob(filepath.Join(w.dir, "*core*"))
	if err != nil || len(dumps) > 0 {
		t.Errorf("a core dump holds the secrets: %v %v", dumps, err)
	}
}
