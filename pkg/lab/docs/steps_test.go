package docs

import (
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

// connections are the inputs that name the connection of each connectionType.
var connections = map[string]string{
	"awsOidc": "serviceConnection", "awsToolkit": "awsServiceConnection",
	"azureResourceManager": "azureServiceConnection", "azureDevOps": "azureDevOpsServiceConnection",
}

func TestStepsHaveTheInputsOfTheTask(t *testing.T) {
	t.Parallel()
	known, count := task(t).Inputs, 0
	for _, s := range pipelines(t) {
		for _, step := range steps(s.document) {
			count++
			checkStep(t, s.page, step, known)
		}
	}
	if count < 15 {
		t.Errorf("only %d steps found", count)
	}
}

func document(t *testing.T, s snippet) (parsed any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(s.text), &parsed); err != nil {
		t.Fatalf("%s: %v in\n%s", s.page, err, s.text)
	}
	return parsed
}

// steps finds every step of the task in a pipeline of any shape.
func steps(node any) (found []map[string]any) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			found = append(found, steps(child)...)
		}
	case map[string]any:
		if n["task"] == "AssumeAwsRole@1" {
			given, _ := n["inputs"].(map[string]any)
			return []map[string]any{given}
		}
		for _, child := range n {
			found = append(found, steps(child)...)
		}
	}
	return found
}

func checkStep(t *testing.T, page string, step map[string]any, known []input) {
	t.Helper()
	for name, value := range step {
		i := slices.IndexFunc(known, func(in input) bool { return in.Name == name })
		if i < 0 {
			t.Errorf("%s: the task has no input %s", page, name)
			continue
		}
		text, _ := value.(string)
		if closed := known[i].Type == "pickList" && !known[i].editable(); closed && !slices.Contains(known[i].Options, text) {
			t.Errorf("%s: %s cannot be %v", page, name, value)
		}
		if _, ok := value.(bool); known[i].Type == "boolean" && !ok {
			t.Errorf("%s: %s is not a boolean: %v", page, name, value)
		}
	}
	kind, _ := step["connectionType"].(string)
	if kind == "" {
		kind = "awsOidc"
	}
	if name := connections[kind]; name != "" && step[name] == nil {
		t.Errorf("%s: connectionType %s needs %s: %v", page, kind, name, step)
	}
	if step["roleArn"] != nil && step["environmentRoles"] != nil {
		t.Errorf("%s: roleArn and environmentRoles exclude each other", page)
	}
}
