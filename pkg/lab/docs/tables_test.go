package docs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// definition is the part of task.json that the README repeats.
type definition struct {
	Groups []struct {
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	} `json:"groups"`
	Inputs          []input `json:"inputs"`
	OutputVariables []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"outputVariables"`
}

type input struct {
	Name         string            `json:"name"`
	Type         string            `json:"type"`
	DefaultValue string            `json:"defaultValue"`
	Required     bool              `json:"required"`
	VisibleRule  string            `json:"visibleRule"`
	GroupName    string            `json:"groupName"`
	HelpMarkDown string            `json:"helpMarkDown"`
	Options      orderedKeys       `json:"options"`
	Properties   map[string]string `json:"properties"`
}

// editable reports whether a pick list also takes what its user types.
func (i input) editable() bool { return i.Properties["EditableOptions"] == "True" }

// orderedKeys are the keys of a JSON object in their order.
type orderedKeys []string

// UnmarshalJSON reads the keys of an object whose values are strings.
func (k *orderedKeys) UnmarshalJSON(data []byte) error {
	for _, m := range regexp.MustCompile(`"((?:[^"\\]|\\.)*)"\s*:\s*"(?:[^"\\]|\\.)*"`).FindAllSubmatch(data, -1) {
		*k = append(*k, string(m[1]))
	}
	return nil
}

func task(t *testing.T) (d definition) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, filepath.Join(root, "task/task.json"))), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// connectionTypes are the names that people see for the types of connections.
var connectionTypes = map[string]string{
	"connectedService:assumeAwsRole": "AWS role (OIDC)", "connectedService:AWS": "AWS",
	"connectedService:AzureRM:WorkloadIdentityFederation": "Azure Resource Manager",
	"connectedService:WorkloadIdentityUser":               "Azure DevOps",
}

// kind is what the README says of an input's type, with all values of a pick list.
func (i input) kind() string {
	switch {
	case connectionTypes[i.Type] != "":
		return "connection: " + connectionTypes[i.Type]
	case i.Type == "pickList" && !i.editable():
		return "`" + strings.Join(i.Options, "` `") + "`"
	case i.Type == "boolean":
		return "`true` `false`"
	case i.Type == "int":
		return "number"
	case i.Type == "multiLine":
		return "lines"
	}
	return "text"
}

// requiredUnless are conditions that task.json cannot express.
var requiredUnless = map[string]string{
	"roleArn": "unless the connection or `environmentRoles` names a role",
	"region":  "unless the connection or `AWS_REGION` gives one",
}

func (i input) requirement() string {
	if text := requiredUnless[i.Name]; text != "" {
		return text
	}
	if !i.Required || i.DefaultValue != "" {
		return ""
	}
	return "with `" + strings.ReplaceAll(i.VisibleRule, " = ", ": ") + "`"
}

// tables are the README's tables of inputs and outputs, made of task.json.
func tables(d definition) (inputs, outputs string) {
	var in, out strings.Builder
	in.WriteString("| input | type: values | default | required | meaning |\n|---|---|---|---|---|\n")
	for _, group := range d.Groups {
		fmt.Fprintf(&in, "| **%s** | | | | |\n", group.DisplayName)
		for _, i := range d.Inputs {
			if i.GroupName != group.Name {
				continue
			}
			cells := []string{"`" + i.Name + "`", i.kind(), "", i.requirement(), i.HelpMarkDown}
			if i.DefaultValue != "" {
				cells[2] = "`" + i.DefaultValue + "`"
			}
			in.WriteString(strings.ReplaceAll("| "+strings.Join(cells, " | ")+" |\n", "|  |", "| |"))
		}
	}
	out.WriteString("| output | meaning |\n|---|---|\n")
	for _, o := range d.OutputVariables {
		fmt.Fprintf(&out, "| `%s` | %s |\n", o.Name, o.Description)
	}
	return strings.ReplaceAll(in.String(), "|  |", "| |"), out.String()
}

// The tables of the README are those of task.json; UPDATE=1 writes them.
func TestReadmeTablesAreThoseOfTheTask(t *testing.T) {
	t.Parallel()
	path := filepath.Join(root, "README.md")
	readme := read(t, path)
	inputs, outputs := tables(task(t))
	want := readme
	for _, table := range []string{inputs, outputs} {
		head, _, _ := strings.Cut(table, "\n")
		want = replaceTable(t, want, head, table)
	}
	if os.Getenv("UPDATE") == "1" && want != readme {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, readme); diff != "" {
		t.Errorf("the tables in README.md are not those of task.json; UPDATE=1 go test ./pkg/lab/docs writes them (-task.json +README.md):\n%s", diff)
	}
}

// replaceTable puts a table in the place of the one with the same first line.
func replaceTable(t *testing.T, text, head, table string) string {
	t.Helper()
	before, rest, found := strings.Cut(text, head+"\n")
	if !found || strings.Contains(rest, head) {
		t.Fatalf("README.md does not have exactly one table that begins with %q", head)
	}
	for strings.HasPrefix(rest, "|") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	return before + table + rest
}
