package miniagent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var yamlTask = installed{manifest: manifest{
	Name: "Fake", Version: struct{ Major, Minor, Patch int }{1, 2, 3},
	Inputs: []struct{ Name, Type, DefaultValue string }{{"does", "string", ""}, {"connection", "connectedService:kind:Scheme", ""}},
}}

var yamlConnections = []Connection{{ID: connectionID, Name: "prod", Type: "kind"}, {ID: "other-id", Name: "other", Type: "elsewhere"}}

// load reads a job file of that text.
func load(t *testing.T, text string) ([]Step, []Variable, string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "job.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadSteps(file, yamlTask, yamlConnections)
}

func TestLoadSteps(t *testing.T) {
	t.Parallel()
	steps, vars, expect, err := load(t, `
variables: {a: b}
expect: Failed
steps:
- task: fake@1
  name: one
  inputs: {DOES: "true", Connection: prod}
  condition: always()
  timeoutInMinutes: 0.5
  target: {commands: restricted, settableVariables: none}
- bash: echo
  displayName: Say
  env: {X: $(a)}
  continueOnError: true
  target:
    settableVariables: [a, "b*"]
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{
			Task: "Fake", Name: "one", Inputs: map[string]string{"DOES": "true", "Connection": connectionID}, Condition: Always,
			Timeout: 30 * time.Second, Restricted: true, Settable: []string{},
		},
		{Script: "echo", DisplayName: "Say", Env: map[string]string{"X": "$(a)"}, ContinueOnError: true, Settable: []string{"a", "b*"}},
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Variable{{Name: "a", Value: "b"}}, vars); diff != "" || expect != Failed {
		t.Errorf("expect %s, variables (-want +got):\n%s", expect, diff)
	}
}

func TestLoadStepsRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"steps: [{task: Other@1}]", "the only task here is Fake@1, not Other@1"},
		{"steps: [{task: Fake@2}]", "the only task here is Fake@1, not Fake@2"},
		{"steps: [{task: Fake@1, inputs: {connection: none}}]", "there is no service connection none"},
		{"steps: [{task: Fake@1, inputs: {connection: other}}]", "expects a service connection of type kind but other is of type elsewhere"},
		{`steps: [{script: x, condition: "eq(1, 1)"}]`, "the conditions known here are"},
		{"steps: [{script: x, bash: y}]", "one of task, script and bash"},
		{"steps: [{}]", "one of task, script and bash"},
		{"steps: [{script: x, name: a}, {script: y, name: A}]", "two steps are named A"},
		{"steps: [{pwsh: x}]", "field pwsh not found"},
		{"stages: []", "field stages not found"},
		{"steps: {", "reading job file"},
	} {
		if _, _, _, err := load(t, tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v, want %s", tt.text, err, tt.want)
		}
	}
}
