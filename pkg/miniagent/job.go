// Package miniagent owns a small stand-in for the Azure Pipelines agent: it
// installs a packed extension, builds the environment of each step, obeys logging
// commands as strictly as the agent does, masks secrets, and runs post-job parts.
// It exists to run the packed task as an agent would; it is not shipped.
//
// The rules are those of microsoft/azure-pipelines-agent, src/Agent.Worker; each
// file names the sources of its own.
package miniagent

import (
	"time"
)

// Outcomes of steps and jobs, from good to bad.
const (
	Succeeded           = "Succeeded"
	SucceededWithIssues = "SucceededWithIssues"
	Failed              = "Failed"
	Canceled            = "Canceled"
	Skipped             = "Skipped"
)

// Job is what an agent is told to run.
type Job struct {
	// VSIX is the packed extension that has the task.
	VSIX string
	// Node is the program that runs the task; empty means node in PATH.
	Node string
	// WorkDir is the agent's work folder; it must exist and be empty.
	WorkDir string
	// HostEnv is the agent service's own environment, which every step inherits.
	HostEnv map[string]string
	// Variables are the job's, predefined ones included.
	Variables []Variable
	// Endpoint is the environment of each service connection, by its id, and the
	// name and type by which steps select it.
	Connections []Connection
	// System is the environment of the system connection.
	System map[string]string
	Steps  []Step
	// ReadOnlyTask makes the extracted task folder read-only.
	ReadOnlyTask bool
	// Interrupt, SIGTERM and kill follow each other after these waits on a cancel.
	SigintWait, SigtermWait time.Duration
	// Cancel cancels the job when it is closed.
	Cancel <-chan struct{}
	// Say receives every line of the log as it is written, masked.
	Say func(string)
}

// Connection is a service connection of the job.
type Connection struct {
	ID, Name, Type string
	// Env are the variables that the agent sets for it.
	Env map[string]string
}

// Step is a task or a script.
type Step struct {
	// Name is the reference name of output variables.
	Name        string
	DisplayName string
	// Task is the name of a task of the extension, without its version.
	Task   string
	Inputs map[string]string
	// Script runs in bash.
	Script string
	Env    map[string]string
	// Always runs the step whatever came before.
	Always          bool
	ContinueOnError bool
	Timeout         time.Duration
	// Settable restricts the variables that the step may set; nil restricts nothing.
	Settable []string
	// Restricted allows only the commands of the agent's restricted mode.
	Restricted bool
}

// Issue is an error or a warning on a step's record.
type Issue struct{ Type, Code, Message string }

// StepResult is what became of a step.
type StepResult struct {
	Name, Outcome string
	Issues        []Issue
	// CommandErrors are commands that the agent could not obey.
	CommandErrors []string
}

// Result is what became of a job.
type Result struct {
	Outcome string
	Log     []string
	Steps   []StepResult
	// Variables are the job's at the end, outputs included.
	Variables map[string]Variable
	// Leftovers are files below the temporary directory after the post-job parts.
	Leftovers []string
	// Orphans are processes of the job that outlived it.
	Orphans []int
	// Secrets are all values that were registered, for a search of the log.
	Secrets []string
}
