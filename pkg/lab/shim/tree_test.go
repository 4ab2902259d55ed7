package shim

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/release"
)

// stubProgram is the built stand-in, or empty when it could not be built.
var stubProgram string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "aar-stub-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		stubProgram = filepath.Join(dir, "stub")
		build := exec.Command("go", "build", "-o", stubProgram, "./testdata/stub")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			panic("building the stand-in: " + string(out))
		}
		return m.Run()
	}())
}

// tree is an extracted task: without execute bits, as the agent leaves it.
type tree struct {
	dir, temp, binary string
}

func host() release.Platform { return release.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH} }

func newTree(t *testing.T, folder string) tree {
	t.Helper()
	root := t.TempDir()
	// Others must be able to enter: some tests run as another user.
	for _, dir := range []string{filepath.Dir(root), root} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return newTreeAt(t, filepath.Join(root, folder), filepath.Join(root, "temp"), host())
}

func newTreeAt(t *testing.T, dir, temp string, p release.Platform) tree {
	t.Helper()
	tr := tree{dir: dir, temp: temp, binary: filepath.Join(dir, "bin", p.File())}
	for _, d := range []string{filepath.Join(dir, "bin"), temp} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program := read(t, stubProgram)
	write(t, tr.binary, program)
	manifest, err := json.Marshal(map[string]release.LauncherEntry{p.Key(): {File: p.File(), Size: len(program)}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "bin", "manifest.json"), manifest)
	for _, script := range []string{"index.js", "post.js"} {
		write(t, filepath.Join(dir, script), read(t, filepath.Join("..", "..", "..", "task", script)))
	}
	return tr
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// command starts a script of the tree as the agent does: nothing on stdin, an
// environment of its own, another working directory.
func (tr tree) command(t *testing.T, script string, env ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), need.NodeProgram(t), filepath.Join(tr.dir, script))
	c.Dir = os.TempDir()
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "AGENT_TEMPDIRECTORY=" + tr.temp}, env...)
	return c
}

// preload makes the script run after a piece of JavaScript that changes Node.
func preload(t *testing.T, c *exec.Cmd, script string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "preload.js")
	write(t, file, []byte(script))
	c.Args = append([]string{c.Args[0], "--require", file}, c.Args[1:]...)
}

// outcome is what the agent would see of a run.
type outcome struct {
	stdout, stderr string
	issues         []string
	completes      int
}

var (
	issuePattern    = regexp.MustCompile(`(?m)^##vso\[task\.logissue ([^\]]*)\](.*)$`)
	completePattern = regexp.MustCompile(`(?m)^##vso\[task\.complete result=Failed\]$`)
)

func run(t *testing.T, c *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("node ended with %v, the launcher must always exit 0\n%s%s", err, &stdout, &stderr)
	}
	return see(stdout.String(), stderr.String())
}

func see(stdout, stderr string) outcome {
	o := outcome{stdout: stdout, stderr: stderr, completes: len(completePattern.FindAllString(stdout, -1))}
	o.issues = append(o.issues, issuePattern.FindAllString(stdout, -1)...)
	return o
}

// ranOnly checks that the stand-in ran once, in the mode, and nothing was reported.
func (o outcome) ranOnly(t *testing.T, mode string) {
	t.Helper()
	if strings.Count(o.stdout, "stub "+mode+" in ") != 1 {
		t.Errorf("want one run in mode %q, got\n%s%s", mode, o.stdout, o.stderr)
	}
	if len(o.issues) > 0 || o.completes > 0 {
		t.Errorf("want no report, got\n%s%s", o.stdout, o.stderr)
	}
}

// failedWith checks that exactly one error issue and one result were reported.
func (o outcome) failedWith(t *testing.T, code string, words ...string) {
	t.Helper()
	if len(o.issues) != 1 || o.completes != 1 {
		t.Fatalf("want one issue and one result, got\n%s%s", o.stdout, o.stderr)
	}
	issue := o.issues[0]
	for _, w := range append(words, "type=error;code="+code+"]"+code+": ", "#"+strings.ToLower(code)) {
		if !strings.Contains(issue, w) {
			t.Errorf("the issue lacks %q: %s", w, issue)
		}
	}
}

func (tr tree) tempIsEmpty(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(tr.temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("left behind in the temporary directory: %s", e.Name())
	}
}

// start starts c and returns its output as it comes.
func start(t *testing.T, c *exec.Cmd) io.Reader {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return out
}
