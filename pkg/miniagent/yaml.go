package miniagent

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// jobFile is the part of Azure Pipelines' YAML that this agent reads: variables
// and steps of one job.
type jobFile struct {
	Variables map[string]string
	Steps     []stepFile
	// Expect is the outcome that the file is meant to have; Succeeded when absent.
	Expect string
}

type stepFile struct {
	Task, Script, Name, DisplayName, Condition string
	Inputs, Env                                map[string]string
	ContinueOnError                            bool
	TimeoutInMinutes                           int
	Target                                     struct {
		Commands          string
		SettableVariables []string
	}
}

// UnmarshalYAML reads a step by Azure Pipelines' spelling of its keys.
func (s *stepFile) UnmarshalYAML(n *yaml.Node) error {
	var raw struct {
		Task             string
		Script           string
		Name             string
		DisplayName      string `yaml:"displayName"`
		Condition        string
		Inputs, Env      map[string]string
		ContinueOnError  bool `yaml:"continueOnError"`
		TimeoutInMinutes int  `yaml:"timeoutInMinutes"`
		Target           struct {
			Commands          string
			SettableVariables []string `yaml:"settableVariables"`
		}
	}
	if err := n.Decode(&raw); err != nil {
		return fmt.Errorf("reading step at line %d: %w", n.Line, err)
	}
	*s = stepFile(raw)
	return nil
}

var errJobFile = errors.New("not a job this agent can run")

// loadSteps reads a job file. Names of service connections become ids, after a
// check of their type, as the server does before a job starts.
func loadSteps(file string, task installed, connections []Connection) (steps []Step, vars []Variable, expect string, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, "", fmt.Errorf("reading job file: %w", err)
	}
	var f jobFile
	if err := yaml.Unmarshal(data, &f); err != nil {
		return nil, nil, "", fmt.Errorf("reading job file: %w", err)
	}
	for name, value := range f.Variables {
		vars = append(vars, Variable{Name: name, Value: value})
	}
	for _, s := range f.Steps {
		step, err := s.step(task, connections)
		if err != nil {
			return nil, nil, "", err
		}
		steps = append(steps, step)
	}
	if f.Expect == "" {
		f.Expect = Succeeded
	}
	return steps, vars, f.Expect, nil
}

func (s stepFile) step(task installed, connections []Connection) (Step, error) {
	step := Step{
		Name: s.Name, DisplayName: s.DisplayName, Script: s.Script, Env: s.Env, Inputs: s.Inputs,
		Always: strings.HasPrefix(s.Condition, "always"), ContinueOnError: s.ContinueOnError,
		Timeout: time.Duration(s.TimeoutInMinutes) * time.Minute, Settable: s.Target.SettableVariables,
		Restricted: s.Target.Commands == "restricted",
	}
	if s.Task == "" {
		return step, nil
	}
	name, major, _ := strings.Cut(s.Task, "@")
	if !strings.EqualFold(name, task.Name) || major != fmt.Sprint(task.Version.Major) {
		return step, fmt.Errorf("%w: the only task here is %s@%d, not %s", errJobFile, task.Name, task.Version.Major, s.Task)
	}
	step.Task = task.Name
	return step, step.resolveConnections(task, connections)
}

// resolveConnections turns connection names into ids.
func (s *Step) resolveConnections(task installed, connections []Connection) error {
	for _, in := range task.Inputs {
		kind, ok := strings.CutPrefix(in.Type, "connectedService:")
		if !ok {
			continue
		}
		kind, _, _ = strings.Cut(kind, ":")
		for name, value := range s.Inputs {
			if !strings.EqualFold(name, in.Name) || value == "" || strings.Contains(value, "$(") {
				continue
			}
			i := slices.IndexFunc(connections, func(c Connection) bool { return c.Name == value || strings.EqualFold(c.ID, value) })
			if i < 0 {
				return fmt.Errorf("%w: there is no service connection %s", errJobFile, value)
			}
			if connections[i].Type != kind {
				return fmt.Errorf("%w: input %s expects a service connection of type %s but %s is of type %s", errJobFile, in.Name, kind, value, connections[i].Type)
			}
			s.Inputs[name] = connections[i].ID
		}
	}
	return nil
}
