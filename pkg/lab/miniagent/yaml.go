package miniagent

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// jobFile is the part of Azure Pipelines' YAML that this agent reads: variables
// and steps of one job.
type jobFile struct {
	Variables map[string]string `yaml:"variables"`
	Steps     []stepFile        `yaml:"steps"`
	// Expect is the outcome that the file is meant to have; Succeeded when absent.
	Expect string `yaml:"expect"`
}

type stepFile struct {
	Task            string            `yaml:"task"`
	Script          string            `yaml:"script"`
	Bash            string            `yaml:"bash"`
	Name            string            `yaml:"name"`
	DisplayName     string            `yaml:"displayName"`
	Condition       string            `yaml:"condition"`
	Inputs          map[string]string `yaml:"inputs"`
	Env             map[string]string `yaml:"env"`
	ContinueOnError bool              `yaml:"continueOnError"`
	// TimeoutInMinutes may be a fraction here, so that a file can show a timeout.
	TimeoutInMinutes float64    `yaml:"timeoutInMinutes"`
	Target           targetFile `yaml:"target"`
}

type targetFile struct {
	Commands string    `yaml:"commands"`
	Settable *nameList `yaml:"settableVariables"`
}

// nameList is a list of names, or the word none for an empty one.
type nameList []string

// UnmarshalYAML reads either form.
func (l *nameList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Value == "none" {
		*l = nameList{}
		return nil
	}
	names := []string{}
	err := n.Decode(&names)
	*l = names
	return err
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
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
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
		if slices.ContainsFunc(steps, func(o Step) bool { return o.Name != "" && strings.EqualFold(o.Name, step.Name) }) {
			return nil, nil, "", fmt.Errorf("%w: two steps are named %s", errJobFile, step.Name)
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
		Name: s.Name, DisplayName: s.DisplayName, Script: s.Script + s.Bash, Env: s.Env, Inputs: s.Inputs,
		Condition: s.Condition, ContinueOnError: s.ContinueOnError,
		Timeout:    time.Duration(s.TimeoutInMinutes * float64(time.Minute)),
		Restricted: s.Target.Commands == "restricted",
	}
	if s.Target.Settable != nil {
		step.Settable = *s.Target.Settable
	}
	if !slices.Contains(conditions, s.Condition) {
		return step, fmt.Errorf("%w: the conditions known here are %s, not %s", errJobFile, strings.Join(conditions[1:], ", "), s.Condition)
	}
	if kinds := len(slices.DeleteFunc([]string{s.Task, s.Script, s.Bash}, func(k string) bool { return k == "" })); kinds != 1 {
		return step, fmt.Errorf("%w: a step has one of task, script and bash", errJobFile)
	}
	if s.Task == "" {
		return step, nil
	}
	name, major, _ := strings.Cut(s.Task, "@")
	if !strings.EqualFold(name, task.Name) || major != strconv.Itoa(task.Version.Major) {
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
