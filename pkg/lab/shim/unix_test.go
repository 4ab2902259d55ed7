//go:build unix

package shim

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/release"
)

// nobody is a user without rights in the tree.
const nobody = 65534

func TestEndings(t *testing.T) {
	t.Parallel()
	tests := []struct{ stub, code, words string }{
		{"exit 1", "AAR-SHIM-CRASH", "exit status 1"},
		{"exit 2", "AAR-SHIM-CRASH", "exit status 2"},
		{"exit 137", "AAR-SHIM-CRASH", "exit status 137"},
		{"kill", "AAR-SHIM-SIGNAL", "SIGKILL"},
	}
	for _, tt := range tests {
		t.Run(tt.stub, func(t *testing.T) {
			t.Parallel()
			tr := newTree(t, "task")
			run(t, tr.command(t, "index.js", "STUB="+tt.stub)).failedWith(t, tt.code, tt.words)
		})
	}
}

func TestSetsExecuteBits(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	o := run(t, tr.command(t, "index.js"))
	if !strings.Contains(o.stdout, "in "+tr.binary+"\n") {
		t.Errorf("the program did not run where it lies: %s", o.stdout)
	}
}

// asNobody lets the process run as another user than the owner of the tree.
func (tr tree) asNobody(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can start a process as another user")
	}
	if err := os.Chown(tr.temp, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// ranAsCopy checks that a copy below the temporary directory ran and is gone.
func (tr tree) ranAsCopy(t *testing.T, o outcome) {
	t.Helper()
	o.ranOnly(t, "task")
	if !strings.Contains(o.stdout, "in "+filepath.Join(tr.temp, "assume-aws-role-run-")) {
		t.Errorf("no private copy ran: %s", o.stdout)
	}
	tr.tempIsEmpty(t)
}

func TestFilesOfAnotherUser(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	c := tr.command(t, "index.js")
	tr.asNobody(t, c)
	tr.ranAsCopy(t, run(t, c))
}

func TestPrivateCopyIsPrivate(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	c := tr.command(t, "index.js", "STUB=wait")
	tr.asNobody(t, c)
	lines := bufio.NewReader(start(t, c))
	pid := readyPID(t, lines)
	dirs, err := filepath.Glob(filepath.Join(tr.temp, "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("want one private directory, got %v %v", dirs, err)
	}
	info, err := os.Stat(dirs[0])
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the private directory has mode %v %v, want 0700", info.Mode(), err)
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	finish(t, c, lines)
	tr.tempIsEmpty(t)
}

// TestCancelWhileCopying sends a signal when no program runs yet: it reaches the program
// all the same, and the copy does not stay.
func TestCancelWhileCopying(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	c := tr.command(t, "index.js", "STUB=wait")
	tr.asNobody(t, c)
	preload(t, c, `const fs = require("fs"), real = fs.copyFileSync;
fs.copyFileSync = (...a) => { real(...a); process.kill(process.pid, "SIGINT"); };`)
	o := run(t, c)
	if !strings.Contains(o.stdout, "got interrupt") && !strings.Contains(o.stdout, "ended by SIGINT") {
		t.Errorf("the program did not hear of the cancel:\n%s", o.stdout)
	}
	tr.tempIsEmpty(t)
}

func TestBusyBinary(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	f, err := os.OpenFile(tr.binary, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr.ranAsCopy(t, run(t, tr.command(t, "index.js")))
}

func TestSpawnErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, how string }{
		{"EACCES", "emit"}, {"EPERM", "throw"}, {"EROFS", "throw"}, {"ETXTBSY", "throw"},
	} {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			tr := newTree(t, "task")
			c := tr.command(t, "index.js")
			preload(t, c, brokenSpawn(tt.code, tt.how, 1))
			tr.ranAsCopy(t, run(t, c))
			c = tr.command(t, "index.js")
			preload(t, c, brokenSpawn(tt.code, tt.how, 2))
			run(t, c).failedWith(t, "AAR-SHIM-EXEC", tt.code, "noexec")
			tr.tempIsEmpty(t)
		})
	}
}

// TestReasonsOfTheSystem lets the system refuse the program for other reasons: each is
// said in words and names the file, which Node's own error may not
// (UNKNOWN on Windows).
func TestReasonsOfTheSystem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, how, system, words string }{
		{"ENOMEM", "throw", "linux", "no memory"},
		{"EAGAIN", "emit", "linux", "no processes left"},
		{"ENOENT", "emit", "linux", "the file vanished"},
		{"ENOEXEC", "throw", "linux", "not a program that this machine can run"},
		{"E2BIG", "throw", "linux", "variables of this job"},
		{"EIO", "throw", "linux", "system log of the agent"},
		{"UNKNOWN", "throw", "win32", "AppLocker"},
		{"EFTYPE", "throw", "win32", "not a program that this machine can run"},
	} {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			p := release.Platform{OS: map[string]string{"linux": "linux", "win32": "windows"}[tt.system], Arch: "amd64"}
			tr := newTreeAt(t, filepath.Join(root, "task"), filepath.Join(root, "temp"), p)
			c := tr.command(t, "index.js")
			preload(t, c, fakePlatform(tt.system, "x64")+brokenSpawn(tt.code, tt.how, 1))
			run(t, c).failedWith(t, "AAR-SHIM-EXEC", tt.words, tt.code+" spawn "+tr.binary)
			tr.tempIsEmpty(t)
		})
	}
}

// TestAProgramOfAnotherMachine starts what the system refuses; execvp then gives the
// file to a shell, which complains and ends.
func TestAProgramOfAnotherMachine(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	foreign := make([]byte, len(read(t, tr.binary)))
	copy(foreign, "\x7fELF no such machine")
	write(t, tr.binary, foreign)
	run(t, tr.command(t, "index.js")).failedWith(t, "AAR-SHIM-CRASH", "not a program that this machine can run")
}

// brokenSpawn lets the first calls of spawn fail as Node does: some errors are
// thrown, others come as an event.
func brokenSpawn(code, how string, times int) string {
	return `const cp = require("child_process"), real = cp.spawn; let left = ` + strconv.Itoa(times) + `;
cp.spawn = (...a) => {
  if (left-- <= 0) return real(...a);
  const err = Object.assign(new Error("spawn"), {code: "` + code + `", syscall: "spawn"});
  if ("` + how + `" === "throw") throw err;
  const child = new (require("events"))();
  child.kill = () => false;
  process.nextTick(() => child.emit("error", err));
  return child;
};`
}

func TestNoTemporaryDirectory(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	c := tr.command(t, "index.js", "AGENT_TEMPDIRECTORY=")
	preload(t, c, brokenSpawn("EACCES", "emit", 1))
	run(t, c).failedWith(t, "AAR-SHIM-EXEC", "AGENT_TEMPDIRECTORY is not set")
}

// inNamespace runs the command after the mounts, in a mount namespace of its own,
// and tells whether this machine allows that.
func inNamespace(t *testing.T, c *exec.Cmd, mounts string) bool {
	t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err != nil || exec.Command(unshare, "-m", "sh", "-c", "mount -t tmpfs none /mnt").Run() != nil {
		return false
	}
	c.Args = append([]string{unshare, "-m", "sh", "-c", mounts + ` && exec "$@"`, "sh"}, c.Args...)
	c.Path = unshare
	return true
}

func readOnly(dir string) string {
	return "mount --bind '" + dir + "' '" + dir + "' && mount -o remount,bind,ro '" + dir + "'"
}

// refused makes the file system of the tree behave as if mounted read-only.
const refused = `const fs = require("fs"), fail = (code) => () => { throw Object.assign(new Error(code), {code}); };
fs.chmodSync = fail("EROFS"); fs.accessSync = fail("EACCES");`

func TestReadOnlyTree(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	c := tr.command(t, "index.js")
	if inNamespace(t, c, readOnly(tr.dir)) {
		t.Log("ran on a read-only mount")
	} else {
		t.Log("ran with injected EROFS: this machine allows no mount namespace")
		preload(t, c, refused)
	}
	tr.ranAsCopy(t, run(t, c))
}

func TestNoexecEverywhere(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	c := tr.command(t, "index.js")
	if inNamespace(t, c, readOnly(tr.dir)+" && mount -t tmpfs -o noexec none '"+tr.temp+"'") {
		t.Log("ran with a noexec mount")
	} else {
		t.Log("ran with injected EROFS and EACCES: this machine allows no mount namespace")
		preload(t, c, refused+brokenSpawn("EACCES", "emit", 1))
	}
	run(t, c).failedWith(t, "AAR-SHIM-EXEC", "EACCES", "noexec")
	tr.tempIsEmpty(t)
}

func TestSignalsReachTheBinary(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			tr := newTree(t, "task")
			c := tr.command(t, "index.js", "STUB=wait")
			lines := bufio.NewReader(start(t, c))
			readyPID(t, lines)
			if err := c.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			o := finish(t, c, lines)
			if !strings.Contains(o.stdout, "got "+s.String()) || len(o.issues) > 0 {
				t.Errorf("want the signal passed on and no report, got\n%s", o.stdout)
			}
		})
	}
}

func TestNothingOutlivesTheLauncher(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	c := tr.command(t, "index.js", "STUB=wait stubborn")
	lines := bufio.NewReader(start(t, c))
	pid := readyPID(t, lines)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, c, lines).failedWith(t, "AAR-SHIM-SIGNAL", "canceled or timed out")
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the program still runs after its launcher: %v", err)
	}
}

// readyPID waits until the stand-in handles signals.
func readyPID(t *testing.T, lines *bufio.Reader) int {
	t.Helper()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the stand-in did not start: %q %v", line, err)
		}
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "ready "); ok {
			pid, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
}

func finish(t *testing.T, c *exec.Cmd, lines io.Reader) outcome {
	t.Helper()
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("node ended with %v, the launcher must always exit 0\n%s", err, rest)
	}
	return see(string(rest), "")
}
