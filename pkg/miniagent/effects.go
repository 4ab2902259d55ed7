package miniagent

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// stepRun is one part of a step while it runs.
type stepRun struct {
	runner        *runner
	step          Step
	task          installed
	taskVariables map[string]string
	result        *StepResult
	outcome       string
}

// order of outcomes; the worst wins, and a cancel is final
// (src/Agent.Worker/Util/TaskResultUtil.cs).
var order = []string{Succeeded, SucceededWithIssues, Failed, Canceled}

func worse(a, b string) string {
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// line handles one line of a step's output.
func (s *stepRun) line(text string) {
	c, ok, err := parseCommand(text, s.runner.decodePercents())
	if err != nil {
		s.issue(Issue{Type: "warning", Message: "'" + text + "' is not a logging command"})
	}
	if !ok {
		s.runner.say(text)
		return
	}
	if problem := s.obey(c); problem != "" {
		s.commandError(text, problem)
	}
}

// commandError is what the agent does with a command that fails: it prints the
// whole line and fails the step (src/Agent.Worker/WorkerCommandManager.cs).
func (s *stepRun) commandError(text, problem string) {
	s.result.CommandErrors = append(s.result.CommandErrors, problem)
	s.issue(Issue{Type: "error", Message: "Unable to process command '" + text + "' successfully."})
	s.issue(Issue{Type: "error", Message: problem})
	s.outcome = worse(s.outcome, Failed)
}

// restrictedCommands are those that the restricted mode leaves
// (src/Agent.Worker/TaskCommandExtension.cs).
var restrictedCommands = []string{"logdetail", "logissue", "complete", "setprogress", "setsecret", "setvariable", "debug", "settaskvariable", "prependpath"}

// effects are the commands of the area "task" that this agent knows.
var effects = map[string]func(*stepRun, command) string{
	"setvariable": (*stepRun).setVariable, "setsecret": (*stepRun).setSecret, "settaskvariable": (*stepRun).setTaskVariable,
	"logissue": (*stepRun).logIssue, "complete": (*stepRun).complete, "debug": (*stepRun).debug,
	"setprogress": nothing, "logdetail": nothing, "prependpath": nothing, "uploadsummary": nothing, "uploadfile": nothing, "addattachment": nothing,
}

func nothing(*stepRun, command) string { return "" }

func (s *stepRun) obey(c command) string {
	if c.area != "task" {
		s.issue(Issue{Type: "warning", Message: "##vso[" + c.area + "." + c.event + "] is not known here"})
		return ""
	}
	effect, known := effects[c.event]
	if !known {
		return "##vso[task." + c.event + "] is not a recognized command"
	}
	restricted := s.step.Restricted || s.task.Restrictions.Commands.Mode == "restricted"
	if restricted && !slices.Contains(restrictedCommands, c.event) {
		s.issue(Issue{Type: "warning", Message: "##vso[task." + c.event + "] is not allowed in this step due to policy restrictions"})
		return ""
	}
	return effect(s, c)
}

func (s *stepRun) setSecret(c command) string {
	s.runner.registerSecret(c.data)
	return ""
}

func (s *stepRun) setVariable(c command) string {
	name := c.props["variable"]
	if name == "" {
		return "Required field 'variable' is missing in ##vso[task.setvariable] command."
	}
	secret, output := isTrue(c.props["issecret"]), isTrue(c.props["isoutput"])
	if secret && strings.Contains(c.data, "\n") {
		return "Secrets cannot contain multiple lines"
	}
	if !s.settable(name) {
		s.issue(Issue{Type: "warning", Message: "setting variable " + name + " is not allowed in this step due to policy restrictions"})
		return ""
	}
	listed := slices.ContainsFunc(s.task.OutputVariables, func(o struct{ Name string }) bool { return strings.EqualFold(o.Name, name) })
	if output || listed {
		name = s.reference() + "." + name
	}
	if old, ok := s.runner.vars.get(name); ok && old.ReadOnly {
		return "Overwriting readonly variable '" + name + "' is not permitted."
	}
	if secret {
		s.runner.registerSecret(c.data)
	}
	s.runner.vars.set(Variable{name, c.data, secret, output || isTrue(c.props["isreadonly"])})
	return ""
}

// reference is the step's name; the server makes one up where there is none.
func (s *stepRun) reference() string {
	if s.step.Name != "" {
		return s.step.Name
	}
	return fmt.Sprintf("step%d", slices.IndexFunc(s.runner.job.Steps, func(o Step) bool { return o.DisplayName == s.step.DisplayName })+1)
}

// settable checks the lists of the task and of the step, both of which must allow
// a name (src/Agent.Worker/TaskRestrictionsChecker.cs); patterns ignore case.
func (s *stepRun) settable(name string) bool {
	if r := s.task.Restrictions.SettableVariables; r != nil && !allowed(r.Allowed, name) {
		return false
	}
	return s.step.Settable == nil || allowed(s.step.Settable, name)
}

func allowed(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(strings.ToLower(p), strings.ToLower(name))
		return err == nil && ok
	})
}

func isTrue(s string) bool { return strings.EqualFold(s, "true") }

func (s *stepRun) setTaskVariable(c command) string {
	name := c.props["variable"]
	if name == "" {
		return "Required field 'variable' is missing in ##vso[task.settaskvariable] command."
	}
	if isTrue(c.props["issecret"]) {
		s.runner.registerSecret(c.data)
	}
	s.taskVariables[name] = c.data
	return ""
}

func (s *stepRun) logIssue(c command) string {
	kind := strings.ToLower(c.props["type"])
	if kind != "error" && kind != "warning" {
		return "the type of an issue is neither error nor warning"
	}
	s.issue(Issue{kind, c.props["code"], c.data})
	return ""
}

// maxIssues of each type stay on the record; all go to the log.
const maxIssues = 10

func (s *stepRun) issue(i Issue) {
	i.Message = s.runner.masker.mask(i.Message)
	same := 0
	for _, known := range s.result.Issues {
		if known.Type == i.Type {
			same++
		}
	}
	if same < maxIssues {
		s.result.Issues = append(s.result.Issues, i)
	}
	s.runner.say("##[" + i.Type + "]" + i.Message)
}

// complete parses the result's name by case, as the agent does; any other text
// fails the step.
func (s *stepRun) complete(c command) string {
	switch result := c.props["result"]; result {
	case Succeeded, SucceededWithIssues, Failed, Canceled, Skipped, "Abandoned":
		s.outcome = worse(s.outcome, result)
		return ""
	default:
		return "Command doesn't have valid result value."
	}
}

func (s *stepRun) debug(c command) string {
	if v, ok := s.runner.vars.get("system.debug"); ok && isTrue(v.Value) {
		s.runner.say("##[debug]" + c.data)
	}
	return ""
}
