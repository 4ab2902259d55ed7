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
	// Connections are those that the server sends with the job.
	Connections []Connection
	// System is the environment of the system connection.
	System map[string]string
	Steps  []Step
	// ReadOnlyTask makes the extracted task folder read-only while the job runs.
	ReadOnlyTask bool
	// Waits scale the agent's timing; zero fields stand for its own.
	Waits Waits
	// Cancel cancels the job when it is closed.
	Cancel <-chan struct{}
	// Say receives every line of the log as it is written, masked.
	Say func(string)
}

// Waits are the lengths of the agent's patience.
type Waits struct {
	// Sigint and Sigterm are how long a process has after that signal before the
	// next one, 7.5 s and 2.5 s by default (src/Agent.Sdk/ProcessInvoker.cs).
	Sigint, Sigterm time.Duration
	// HeldPipe is how long a step goes on after its process has ended while another
	// one still holds its output, 5 s by default.
	HeldPipe time.Duration
	// Gather is how long output piles up before it is handed on, 2 ms by default: the
	// longer, the more standard error overtakes standard output.
	Gather time.Duration
}

func (w Waits) orDefaults() Waits {
	for _, wait := range []struct {
		field *time.Duration
		usual time.Duration
	}{
		{&w.Sigint, 7500 * time.Millisecond},
		{&w.Sigterm, 2500 * time.Millisecond},
		{&w.HeldPipe, 5 * time.Second},
		{&w.Gather, 2 * time.Millisecond},
	} {
		if *wait.field == 0 {
			*wait.field = wait.usual
		}
	}
	return w
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
	// Condition is one of the constants; empty means WhenSucceeded.
	Condition string
	// ContinueOnError turns a failure into SucceededWithIssues.
	ContinueOnError bool
	// Timeout ends each part of the step by itself; zero sets no limit.
	Timeout time.Duration
	// Settable restricts the variables that the step may set; nil restricts nothing.
	Settable []string
	// Restricted allows only the commands of the agent's restricted mode.
	Restricted bool
}

// Issue is an error or a warning on a step's record.
type Issue struct{ Type, Code, Message string }

// StepResult is what became of the main or the post-job part of a step.
type StepResult struct {
	Name, Outcome string
	// Title is what the log calls the part.
	Title string
	// Post tells a post-job part.
	Post   bool
	Issues []Issue
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
	// Orphans are processes of the job that outlived it; they were killed then.
	Orphans []int
	// Secrets are all values that were registered, for a search of the log.
	Secrets []string
}
