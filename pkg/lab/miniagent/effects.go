package miniagent

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// part is the main or the post-job part of a step while it runs.
type part struct {
	runner        *runner
	step          Step
	index         int
	post          bool
	task          installed
	taskVariables map[string]string
	result        *StepResult
	outcome       string
}

// line handles one line of a step's output.
func (s *part) line(text string) {
	c, ok, err := parseCommand(text, s.runner.decodePercents())
	if err != nil {
		s.warn("'" + text + "' is not a logging command")
	}
	if !ok {
		s.runner.say(text)
		return
	}
	if problem := s.obey(c); problem != "" {
		s.commandError(text, problem)
	}
	if s.runner.vars.isTrue("system.debug") {
		s.runner.say("##[debug]Processed: " + unescape(text, s.runner.decodePercents()))
	}
}

// commandError is what the agent does with a command that fails: it prints the
// whole line and fails the step (src/Agent.Worker/WorkerCommandManager.cs).
func (s *part) commandError(text, problem string) {
	s.result.CommandErrors = append(s.result.CommandErrors, s.runner.masker.mask(problem))
	s.issue(Issue{Type: "error", Message: "Unable to process command '" + text + "' successfully."})
	s.issue(Issue{Type: "error", Message: problem})
	s.outcome = merge(s.outcome, Failed)
}

// restrictedCommands are those that the restricted mode leaves
// (src/Agent.Worker/TaskCommandExtension.cs).
var restrictedCommands = []string{
	"task.logdetail", "task.logissue", "task.issue", "task.complete", "task.setprogress", "task.setsecret", "task.setvariable",
	"task.debug", "task.settaskvariable", "task.prependpath", "telemetry.publish",
}

// effects are the commands of the area "task". Those without an effect here matter
// to the server alone.
var effects = map[string]func(*part, command) string{
	"setvariable": (*part).setVariable, "setsecret": (*part).setSecret, "settaskvariable": (*part).setTaskVariable,
	"logissue": (*part).logIssue, "issue": (*part).logIssue, "complete": (*part).complete, "debug": (*part).debug,
	"setprogress": nothing, "logdetail": nothing, "prependpath": nothing, "setendpoint": nothing,
	"uploadsummary": nothing, "uploadfile": nothing, "addattachment": nothing,
}

func nothing(*part, command) string { return "" }

// otherAreas are known to the agent and have no effect here.
var otherAreas = []string{"artifact", "build", "codecoverage", "release", "results", "telemetry"}

func (s *part) obey(c command) string {
	name := c.area + "." + c.event
	known := c.area == "task" || slices.Contains(otherAreas, c.area)
	restricted := s.step.Restricted || s.task.Restrictions.Commands.Mode == "restricted"
	switch {
	case !known:
		s.warn("##vso[" + name + "] is not known: no extension has that area")
		return ""
	case restricted && !slices.Contains(restrictedCommands, name):
		s.warn("##vso[" + name + "] is not allowed in this step due to policy restrictions")
		return ""
	case c.area == "release" && s.runner.hostType() == "build":
		return "##vso[" + name + "] is not supported for a build"
	case c.area != "task":
		return ""
	}
	effect, ok := effects[c.event]
	if !ok {
		return "##vso[" + name + "] is not a recognized command"
	}
	return effect(s, c)
}

func (s *part) setSecret(c command) string {
	s.runner.registerSecret(c.data)
	return ""
}

// setVariable registers a secret only after its checks, the order in which a
// failing command shows most.
func (s *part) setVariable(c command) string {
	name, problem := s.variableCommand(c)
	if problem != "" {
		return problem
	}
	if !s.settable(name) {
		s.warn("setting variable " + name + " is not allowed in this step due to policy restrictions")
		return ""
	}
	output := isTrue(c.props["isoutput"])
	if output || s.listed(name) {
		name = s.reference() + "." + name
	}
	if problem := s.readOnly(name); problem != "" {
		return problem
	}
	secret := isTrue(c.props["issecret"])
	if secret {
		s.registerBoth(c)
	}
	set := s.runner.vars.set(Variable{
		Name: name, Value: c.data, Secret: secret, ReadOnly: output || isTrue(c.props["isreadonly"]),
		PreserveCase: isTrue(c.props["preservecase"]),
	})
	if set.Secret && !secret {
		s.runner.masker.add(c.data)
	}
	return ""
}

// readOnly is the error of a command that sets a read-only variable. Where the service has
// not switched that on, the agent only warns.
func (s *part) readOnly(name string) string {
	old, ok := s.runner.vars.get(name)
	if !ok || !old.ReadOnly {
		return ""
	}
	if s.runner.vars.isTrue("agent.readOnlyVariables") {
		return "Overwriting readonly variable '" + name + "' is not permitted."
	}
	s.warn("Overwriting readonly variable '" + name + "'. This behavior will be disabled in the future.")
	return ""
}

// variableCommand checks what setvariable and settaskvariable have in common.
func (s *part) variableCommand(c command) (name, problem string) {
	name = c.props["variable"]
	switch {
	case name == "":
		return "", "Required field 'variable' is missing in ##vso[task." + c.event + "] command."
	case isTrue(c.props["issecret"]) && strings.Contains(c.data, "\n") && !s.runner.vars.isTrue("SYSTEM_UNSAFEALLOWMULTILINESECRET"):
		return "", "Secrets cannot contain multiple lines"
	}
	return name, ""
}

// registerBoth registers a secret as the command escaped it and as it is.
func (s *part) registerBoth(c command) {
	s.runner.registerSecret(c.data)
	s.runner.masker.add(c.escaped)
}

// listed tells whether task.json names an output variable, which makes it one even
// without isoutput (src/Agent.Worker/ExecutionContext.cs).
func (s *part) listed(name string) bool {
	return slices.ContainsFunc(s.task.OutputVariables, func(o struct{ Name string }) bool { return strings.EqualFold(o.Name, name) })
}

// reference is the step's name; the server makes one up where there is none.
func (s *part) reference() string {
	switch {
	case s.step.Name != "":
		return s.step.Name
	case s.task.dir != "":
		return fmt.Sprintf("%s%d", s.task.Name, s.index+1)
	}
	return fmt.Sprintf("CmdLine%d", s.index+1)
}

// settable checks the lists of the task and of the step, both of which must allow
// a name (src/Agent.Worker/TaskRestrictionsChecker.cs); patterns ignore case.
func (s *part) settable(name string) bool {
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

func (s *part) setTaskVariable(c command) string {
	name, problem := s.variableCommand(c)
	if problem != "" {
		return problem
	}
	if isTrue(c.props["issecret"]) {
		s.registerBoth(c)
	}
	s.taskVariables[name] = c.data
	return ""
}

func (s *part) logIssue(c command) string {
	switch kind := strings.ToLower(c.props["type"]); kind {
	case "error", "warning":
		s.issue(Issue{kind, c.props["code"], c.data})
	case "":
		s.warn("an issue without a type")
	default:
		return "the type of an issue is neither error nor warning"
	}
	return ""
}

func (s *part) warn(message string) { s.issue(Issue{Type: "warning", Message: message}) }

// maxIssues of each type stay on the record; all go to the log.
const maxIssues = 10

// issue masks the message; the properties stay as they are, as with the agent.
func (s *part) issue(i Issue) {
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
func (s *part) complete(c command) string {
	result := c.props["result"]
	if !slices.Contains(outcomes, result) {
		return "Command doesn't have valid result value."
	}
	s.outcome = merge(s.outcome, result)
	return ""
}

func (s *part) debug(c command) string {
	if s.runner.vars.isTrue("system.debug") {
		s.runner.say("##[debug]" + c.data)
	}
	return ""
}
