// Package cli wires the modes of the binary: it turns arguments, environment and
// streams into calls of the packages below and renders what comes back. It is
// the only place that knows all of them.
package cli

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Exit codes of the commands that people run; task and post always exit 0,
// because the agent reads their outcome from a logging command.
const (
	exitOK     = 0
	exitFault  = 1
	exitUsage  = 2
	exitFailed = 3
)

// Env is everything a mode may take from the process it runs in.
type Env struct {
	// Args are the arguments after the program's name.
	Args []string
	// Lookup reads an environment variable.
	Lookup func(string) (string, bool)
	// Stdin, Stdout and Stderr are the process's streams.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Now is the clock.
	Now func() time.Time
	// Version is the version stamped into the binary.
	Version string
	// Extension is the extension that the binary was packed in, as Plan.Extension.
	Extension string
	// Executable is the path of the running binary.
	Executable func() (string, error)
}

const usage = `assume-aws-role exchanges an Azure Pipelines OIDC token for temporary AWS credentials.

usage:
  assume-aws-role task | post                run by the pipeline task
  assume-aws-role credential-process ID      print the credentials of a profile as JSON
  assume-aws-role trust-policy generate …    write an IAM trust policy for one identity
  assume-aws-role trust-policy check …       test a trust policy against a token's claims
  assume-aws-role token inspect …            show what a token says and what AWS sees of it
  assume-aws-role version

Every command except task and post has --help.
Exit status: 0 ok, 1 fault, 2 usage, 3 check failed.
`

// Run runs the mode that the arguments name and returns the exit status.
func Run(ctx context.Context, e Env) int {
	if len(e.Args) == 0 {
		return badUsage(e, "no command given")
	}
	name, args := e.Args[0], e.Args[1:]
	switch name {
	case "task":
		return task(ctx, e)
	case "post":
		return post(ctx, e)
	case "credential-process":
		return credentialProcess(ctx, e, args)
	}
	out := &checked{Writer: e.Stdout}
	e.Stdout = out
	status := people(ctx, e, name, args)
	if out.err != nil {
		return broken(e, fmt.Errorf("the result could not be written: %w", out.err), "Look at where standard output goes: a full disk, or a program that has ended.")
	}
	return status
}

// people runs the commands that people run.
func people(ctx context.Context, e Env, name string, args []string) int {
	switch name {
	case "trust-policy":
		return trustPolicy(ctx, e, args)
	case "token":
		return tokenInspect(ctx, e, args)
	case "version", "--version", "-version":
		if len(args) == 1 && isHelp(args[0]) {
			fmt.Fprint(e.Stdout, "usage: assume-aws-role version\n")
			return exitOK
		}
		if len(args) > 0 {
			return badUsage(e, "version takes no arguments")
		}
		fmt.Fprintf(e.Stdout, "assume-aws-role %s\n", e.Version)
		return exitOK
	}
	if isHelp(name) {
		fmt.Fprint(e.Stdout, usage)
		return exitOK
	}
	return badUsage(e, "unknown command")
}

// checked keeps the first error of a stream.
type checked struct {
	io.Writer
	err error
}

func (c *checked) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

func badUsage(e Env, problem string) int {
	fmt.Fprintf(e.Stderr, "assume-aws-role: %s\nFor help: assume-aws-role --help\n", problem)
	return exitUsage
}
