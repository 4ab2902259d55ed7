package shim

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/release"
)

func TestRunsTheBinaryOfThisPlatform(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"task", "a task with spaces", "Aufgabe-Ü-任务"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			tr := newTree(t, folder)
			run(t, tr.command(t, "index.js")).ranOnly(t, "task")
			tr.tempIsEmpty(t)
		})
	}
}

func TestPostRunsOnlyAfterTheTask(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	if o := run(t, tr.command(t, "post.js")); o.stdout != "" || o.stderr != "" {
		t.Errorf("the clean-up is not silent where the step never ran: %s%s", o.stdout, o.stderr)
	}
	run(t, tr.command(t, "post.js", "VSTS_TASKVARIABLE_X=1")).ranOnly(t, "post")
}

func TestPostWarnsAndDoesNotFail(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	o := run(t, tr.command(t, "post.js", "VSTS_TASKVARIABLE_X=1", "STUB=exit 3"))
	if len(o.issues) != 1 || !strings.Contains(o.issues[0], "type=warning;code=AAR-SHIM-CRASH]") {
		t.Errorf("want one warning, got\n%s", o.stdout)
	}
	if o.completes != 0 {
		t.Errorf("want no result, got\n%s", o.stdout)
	}
}

func TestEnvironmentAndStdin(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	o := run(t, tr.command(t, "index.js", "GODEBUG=gctrace=1", "GOTRACEBACK=crash", "GOMEMLIMIT=1GB", "GOMAXPROCS=100000", "GOGC=x", "INPUT_REGION=eu-west-1",
		"STUB=env GODEBUG GOTRACEBACK GOMEMLIMIT GOMAXPROCS GOGC INPUT_REGION"))
	for _, want := range []string{
		`env GODEBUG "" false`, `env GOTRACEBACK "" false`, `env GOMEMLIMIT "" false`, `env GOMAXPROCS "" false`, `env GOGC "" false`, `env INPUT_REGION "eu-west-1" true`,
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("want %q in\n%s", want, o.stdout)
		}
	}
	if o := run(t, tr.command(t, "index.js", "STUB=stdin")); !strings.Contains(o.stdout, `stdin "" EOF`) {
		t.Errorf("standard input is not empty: %s", o.stdout)
	}
}

func TestIncompleteFilesNeverRun(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, tree){
		"one byte too many": func(t *testing.T, tr tree) { write(t, tr.binary, append(read(t, tr.binary), 0)) },
		"truncated":         func(t *testing.T, tr tree) { write(t, tr.binary, read(t, tr.binary)[:1000]) },
		"empty":             func(t *testing.T, tr tree) { write(t, tr.binary, nil) },
		"absent":            func(t *testing.T, tr tree) { remove(t, tr.binary) },
		"no manifest":       func(t *testing.T, tr tree) { remove(t, filepath.Join(tr.dir, "bin", "manifest.json")) },
		"half of the manifest": func(t *testing.T, tr tree) {
			write(t, filepath.Join(tr.dir, "bin", "manifest.json"), []byte(`{"linux-`))
		},
		"nothing of this platform": func(t *testing.T, tr tree) {
			write(t, filepath.Join(tr.dir, "bin", "manifest.json"), []byte(`{}`))
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTree(t, "task")
			damage(t, tr)
			o := run(t, tr.command(t, "index.js"))
			o.failedWith(t, "AAR-SHIM-HASH")
			if strings.Contains(o.stdout, "stub ") {
				t.Error("an incomplete program ran")
			}
			tr.tempIsEmpty(t)
		})
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func fakePlatform(system, arch string) string {
	return `Object.defineProperty(process, "platform", {value: "` + system + `"});
Object.defineProperty(process, "arch", {value: "` + arch + `"});`
}

func TestUnsupportedPlatforms(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"freebsd", "x64"}, {"linux", "arm"}, {"linux", "ia32"}, {"win32", "ia32"}, {"aix", "ppc64"}} {
		t.Run(pair[0]+"-"+pair[1], func(t *testing.T) {
			t.Parallel()
			c := newTree(t, "task").command(t, "index.js")
			preload(t, c, fakePlatform(pair[0], pair[1]))
			run(t, c).failedWith(t, "AAR-SHIM-PLATFORM", pair[0]+" on "+pair[1], "Linux, Windows and macOS")
		})
	}
}

func TestPlatformsByName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		system, arch, env string
		want              release.Platform
	}{
		{"win32", "x64", "", release.Platform{OS: "windows", Arch: "amd64"}},
		{"win32", "arm64", "", release.Platform{OS: "windows", Arch: "arm64"}},
		{"win32", "ia32", "PROCESSOR_ARCHITEW6432=AMD64", release.Platform{OS: "windows", Arch: "amd64"}},
		{"win32", "ia32", "PROCESSOR_ARCHITEW6432=ARM64", release.Platform{OS: "windows", Arch: "arm64"}},
		{"darwin", "arm64", "", release.Platform{OS: "darwin", Arch: "arm64"}},
		{"darwin", "x64", "", release.Platform{OS: "darwin", Arch: "amd64"}},
		{"linux", "arm64", "AGENT_OS=Windows_NT", release.Platform{OS: "linux", Arch: "arm64"}},
	}
	for _, tt := range tests {
		t.Run(tt.want.Key()+tt.arch, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			tr := newTreeAt(t, filepath.Join(root, "task"), filepath.Join(root, "temp"), tt.want)
			if err := os.Chmod(tr.binary, 0o755); err != nil { // Windows has no such bit and the launcher sets none there
				t.Fatal(err)
			}
			c := tr.command(t, "index.js", tt.env)
			preload(t, c, fakePlatform(tt.system, tt.arch))
			run(t, c).ranOnly(t, "task")
		})
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "task")
	var wait sync.WaitGroup
	for range 4 {
		c := tr.command(t, "index.js")
		wait.Go(func() {
			out, err := c.Output()
			if err != nil {
				t.Errorf("one of several runs failed: %v\n%s", err, out)
			}
			if o := see(string(out), ""); len(o.issues) > 0 || !strings.Contains(o.stdout, "stub task in ") {
				t.Errorf("one of several runs did not start the program, or reported something:\n%s", out)
			}
		})
	}
	wait.Wait()
	tr.tempIsEmpty(t)
}

func TestForeignTextIsNoCommand(t *testing.T) {
	t.Parallel()
	tr := newTree(t, "a%0Ab##vso[task.complete result=Succeeded]c##[error]d;e")
	write(t, tr.binary, []byte("x"))
	o := run(t, tr.command(t, "index.js"))
	o.failedWith(t, "AAR-SHIM-HASH", "a%AZP250Ab# #vso[task.complete")
	if lines := strings.Count(o.stdout, "\n"); lines != 2 {
		t.Errorf("want two lines, got %d:\n%s", lines, o.stdout)
	}
	for _, off := range []string{"DECODE_PERCENTS=False", "DECODE_PERCENTS=0", "SECRET_DECODE_PERCENTS=no"} {
		o = run(t, tr.command(t, "index.js", off))
		o.failedWith(t, "AAR-SHIM-HASH", "a%0Ab# #vso")
	}
	o = run(t, tr.command(t, "index.js", "DECODE_PERCENTS=$TRUE"))
	o.failedWith(t, "AAR-SHIM-HASH", "a%AZP250Ab# #vso")
}

// TestOtherNodes repeats the tests of this package on other versions of Node.
func TestOtherNodes(t *testing.T) {
	need.Full(t)
	for _, version := range need.NodeVersions {
		t.Run(version, func(t *testing.T) { need.Again(t, ".", "AAR_NODE="+need.Node(t, version)) })
	}
}

func TestNodeNeedsNothingElse(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(need.NodeProgram(t), "-e", `
const fs = require('fs');
for (const f of process.argv.slice(1)) {
  for (const m of fs.readFileSync(f, 'utf8').matchAll(/require\('([^']+)'\)/g)) {
    if (!require('module').builtinModules.includes(m[1]) && m[1] !== './index.js') console.log(f, m[1]);
  }
}`, filepath.Join("..", "..", "..", "task", "index.js"), filepath.Join("..", "..", "..", "task", "post.js")).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("the launcher needs a package: %s %v", out, err)
	}
}
