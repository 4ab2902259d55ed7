package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkout is a copy of the tracked files that are staged.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, path := range []string{"task", "docs/images", "vss-extension.json", "LICENSE"} {
		if err := copyTree(filepath.Join("..", "..", "..", filepath.FromSlash(path)), filepath.Join(root, filepath.FromSlash(path))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "README.md"), []byte("# x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func stage(t *testing.T, o Options) (Identity, *object, *object) {
	t.Helper()
	o.Root, o.Out, o.Page = checkout(t), filepath.Join(t.TempDir(), "stage"), t.TempDir()
	if err := os.WriteFile(filepath.Join(o.Page, "setup.html"), []byte("page"), 0o600); err != nil {
		t.Fatal(err)
	}
	id, err := Stage(o)
	if err != nil {
		t.Fatal(err)
	}
	extension, err := readTree(filepath.Join(o.Out, "vss-extension.json"))
	if err != nil {
		t.Fatal(err)
	}
	task, err := readTree(filepath.Join(o.Out, "task", "task.json"))
	if err != nil {
		t.Fatal(err)
	}
	if page, err := os.ReadFile(filepath.Join(o.Out, "setup", "setup.html")); string(page) != "page" {
		t.Errorf("the staged page is %q, %v", page, err)
	}
	return id, extension, task
}

func TestStageKeepsTheManifests(t *testing.T) {
	t.Parallel()
	_, extension, task := stage(t, Options{})
	for name, tree := range map[string]*object{"vss-extension.json": extension, "task/task.json": task} {
		got, err := tree.render()
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s changed without an option (-want +got):\n%s", name, diff)
		}
	}
}

func TestStageOptions(t *testing.T) {
	t.Parallel()
	id, _, task := stage(t, Options{Publisher: "contoso", Version: "1.22.333"})
	if id != (Identity{"contoso", "assume-aws-role", "1.22.333"}) || taskVersion(task) != "1.22.333" {
		t.Errorf("identity %v, task version %s", id, taskVersion(task))
	}
}

func TestDevDiffersInEverythingUnique(t *testing.T) {
	t.Parallel()
	_, extension, task := stage(t, Options{})
	_, devExtension, devTask := stage(t, Options{Dev: true})
	for _, key := range []string{"id", "name"} {
		if devExtension.text(key) == extension.text(key) {
			t.Errorf("the extension's %s is the same", key)
		}
	}
	for _, key := range []string{"id", "name", "friendlyName"} {
		if devTask.text(key) == task.text(key) {
			t.Errorf("the task's %s is the same", key)
		}
	}
	if len(devTask.text("friendlyName")) > 40 {
		t.Error("the friendly name is too long")
	}
	doc, err := devExtension.render()
	if err != nil {
		t.Fatal(err)
	}
	taskDoc, err := devTask.render()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), `"name": "assumeAwsRoleDev"`) {
		t.Error("the connection type is not renamed")
	}
	if strings.Contains(string(taskDoc), `"connectedService:assumeAwsRole"`) {
		t.Error("the task refers to the connection type that is not renamed")
	}
	if !strings.Contains(string(taskDoc), `"connectedService:assumeAwsRoleDev"`) {
		t.Error("the task does not refer to the renamed connection type")
	}
	if !strings.Contains(string(doc), `"name": "AWS roles (OIDC) (dev)"`) {
		t.Error("two hubs of one name cannot be told apart")
	}
	if _, _, again := stage(t, Options{Dev: true}); again.text("id") != devTask.text("id") {
		t.Error("the id changes from build to build")
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	_, _, task := stage(t, Options{Without: []string{"awsToolkit", "azureDevOps"}})
	for _, name := range []string{"awsServiceConnection", "azureDevOpsServiceConnection"} {
		if findInput(task, name).text("name") != "" {
			t.Errorf("%s is still there", name)
		}
	}
	if rule := findInput(task, "entraAudience").text("visibleRule"); rule != "connectionType = azureResourceManager" {
		t.Errorf("the rule of entraAudience is %q", rule)
	}
	options, _ := findInput(task, "connectionType").get("options").(*object)
	if len(options.members) != 3 {
		t.Errorf("choices left: %v", options.members)
	}
}

func TestStageRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"two numbers": {Version: "1.2"}, "text": {Version: "1.0.0-rc1"}, "leading zero": {Version: "1.01.0"}, "another major": {Version: "2.0.0"},
		"publisher with a path": {Publisher: "../x"}, "publisher of two words": {Publisher: "a b"},
		"the default choice": {Without: []string{"awsOidc"}}, "an unknown choice": {Without: []string{"x"}},
	} {
		o.Root, o.Out = checkout(t), filepath.Join(t.TempDir(), "stage")
		if _, err := Stage(o); err == nil {
			t.Errorf("%s was staged", name)
		}
	}
	root := checkout(t)
	file := filepath.Join(root, "task", "task.json")
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(doc), `"Patch": 0`, `"Patch": 9`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Stage(Options{Root: root, Out: filepath.Join(t.TempDir(), "stage")}); err == nil || !strings.Contains(err.Error(), "1.0.9") {
		t.Errorf("two versions were staged: %v", err)
	}
}
