package release

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// checkout is a copy of the tracked files that are staged.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"task", "docs/images"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join(need.Root(t), dir))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"vss-extension.json", "LICENSE", "README.md"} {
		write(t, filepath.Join(root, name), read(t, filepath.Join(need.Root(t), name)))
	}
	return root
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
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stageIn runs the script in a checkout. A set-up page stands by where the manifest
// lists one.
func stageIn(t *testing.T, root string, flags ...string) (out, printed string, err error) {
	t.Helper()
	out, setup := filepath.Join(t.TempDir(), "stage"), t.TempDir()
	write(t, filepath.Join(setup, "setup.html"), []byte("<!doctype html>"))
	c := exec.Command(need.NodeProgram(t), append([]string{filepath.Join(need.Root(t), "cmd", "release", "stage.mjs"), out, "--setup", setup}, flags...)...)
	c.Dir = root
	text, err := c.CombinedOutput()
	return out, strings.TrimSpace(string(text)), err
}

// staged is what the script made of the manifests.
type staged struct {
	ID, Name, Publisher, Version string
	Files                        []struct{ Path string }
	Contributions                []struct {
		Properties struct{ Name, DisplayName string }
	}
	task struct {
		ID, Name, FriendlyName string
		Version                struct{ Major, Minor, Patch json.Number }
		Inputs                 []struct {
			Name, Type, VisibleRule string
			Options                 map[string]string
		}
	}
	printed string
	note    string
	out     string
}

func stage(t *testing.T, flags ...string) staged {
	t.Helper()
	out, printed, err := stageIn(t, need.Root(t), flags...)
	if err != nil {
		t.Fatalf("nothing is staged: %v\n%s", err, printed)
	}
	s := staged{printed: printed, out: out, note: string(read(t, filepath.Join(out, "build.json")))}
	for name, v := range map[string]any{"vss-extension.json": &s, "task/task.json": &s.task} {
		if err := json.Unmarshal(read(t, filepath.Join(out, name)), v); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// compact takes the white space out of a document and keeps the order of its keys,
// which is the order in which users see the choices of an input.
func compact(t *testing.T, doc []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, doc, "", " "); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

func TestStageKeepsTheManifests(t *testing.T) {
	t.Parallel()
	s := stage(t)
	for _, name := range []string{"vss-extension.json", "task/task.json"} {
		got := compact(t, read(t, filepath.Join(s.out, name)))
		got = strings.Replace(got, ",\n  {\n   \"path\": \"build.json\"\n  }", "", 1)
		if diff := cmp.Diff(compact(t, read(t, filepath.Join(need.Root(t), name))), got); diff != "" {
			t.Errorf("%s changed without a flag (-want +got):\n%s", name, diff)
		}
	}
	for _, f := range s.Files {
		if _, err := os.Stat(filepath.Join(s.out, f.Path)); err != nil {
			t.Error(err)
		}
	}
}

func TestStageFlags(t *testing.T) {
	t.Parallel()
	s := stage(t, "--publisher", "contoso", "--version", "1.22.333")
	if s.printed != "contoso assume-aws-role 1.22.333" {
		t.Errorf("printed %q", s.printed)
	}
	if v := s.task.Version; v.Major+v.Minor+v.Patch != "122333" {
		t.Errorf("the task's version is %v", v)
	}
	if !strings.Contains(s.note, `"--publisher=contoso"`) || !strings.Contains(s.note, `"--version=1.22.333"`) {
		t.Errorf("the note for verify lacks a flag: %s", s.note)
	}
	if same := stage(t, "--publisher", s.Publisher); strings.Contains(stage(t, "--publisher", "assume-aws-role").note, "--") {
		t.Errorf("a flag that changes nothing makes another package: %s", same.note)
	}
}

func TestDevDiffersInEverythingUnique(t *testing.T) {
	t.Parallel()
	s, dev := stage(t), stage(t, "--dev")
	for name, pair := range map[string][2]string{
		"the extension's id": {s.ID, dev.ID}, "the extension's name": {s.Name, dev.Name},
		"the task's id": {s.task.ID, dev.task.ID}, "the task's name": {s.task.Name, dev.task.Name}, "the task's friendly name": {s.task.FriendlyName, dev.task.FriendlyName},
	} {
		if pair[0] == pair[1] {
			t.Errorf("%s is the same", name)
		}
	}
	if len(dev.task.FriendlyName) > 40 {
		t.Error("the friendly name is too long")
	}
	types := map[string]bool{}
	for _, in := range dev.task.Inputs {
		types[in.Type] = true
	}
	if types["connectedService:assumeAwsRole"] || !types["connectedService:assumeAwsRoleDev"] {
		t.Errorf("an input refers to the published connection type: %v", types)
	}
	if !strings.Contains(string(read(t, filepath.Join(dev.out, "vss-extension.json"))), "AWS roles (OIDC) (dev)") {
		t.Error("two hubs of one name cannot be told apart")
	}
	names := ""
	for _, c := range dev.Contributions {
		names += " " + c.Properties.Name
	}
	if !strings.Contains(names, " assumeAwsRoleDev") {
		t.Errorf("the connection type is not renamed:%s", names)
	}
	if again := stage(t, "--dev"); again.task.ID != dev.task.ID {
		t.Error("the id changes from build to build")
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	s := stage(t, "--without", "azureDevOps,awsToolkit")
	for _, in := range s.task.Inputs {
		switch in.Name {
		case "awsServiceConnection", "azureDevOpsServiceConnection":
			t.Errorf("%s is still there", in.Name)
		case "entraAudience":
			if in.VisibleRule != "connectionType = azureResourceManager" {
				t.Errorf("the rule of entraAudience is %q", in.VisibleRule)
			}
		case "connectionType":
			if len(in.Options) != 3 {
				t.Errorf("choices left: %v", in.Options)
			}
		}
	}
	if !strings.Contains(s.note, `"--without=awsToolkit,azureDevOps"`) {
		t.Errorf("the note depends on the order of the flag: %s", s.note)
	}
}

func TestStageRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		flags []string
		words string
	}{
		"two numbers":              {[]string{"--version", "1.2"}, "three numbers"},
		"text":                     {[]string{"--version", "1.0.0-rc1"}, "three numbers"},
		"a leading zero":           {[]string{"--version", "1.01.0"}, "three numbers"},
		"another major":            {[]string{"--version", "2.0.0"}, "major version"},
		"a publisher with a path":  {[]string{"--publisher", "../x"}, "publisher"},
		"a publisher of two words": {[]string{"--publisher", "a b"}, "publisher"},
		"the default choice":       {[]string{"--without", "awsOidc"}, "left out"},
		"an unknown choice":        {[]string{"--without", "x"}, "left out"},
		"a list with spaces":       {[]string{"--without", "awsToolkit,", "azureDevOps"}, "without spaces"},
		"an unknown flag":          {[]string{"--fast"}, "--fast"},
	} {
		if _, printed, err := stageIn(t, need.Root(t), tt.flags...); err == nil || !strings.Contains(printed, tt.words) {
			t.Errorf("%s: want %q, got %v %q", name, tt.words, err, printed)
		}
	}
	root := checkout(t)
	file := filepath.Join(root, "task", "task.json")
	write(t, file, bytes.Replace(read(t, file), []byte(`"Patch": 0`), []byte(`"Patch": 9`), 1))
	if _, printed, err := stageIn(t, root); err == nil || !strings.Contains(printed, "1.0.9") {
		t.Errorf("two versions were staged: %v %s", err, printed)
	}
}
