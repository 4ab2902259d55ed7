package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// The rules of messages about a command line:
//   - No argument is repeated, because it could be a token in the wrong place. A
//     message names the flag, or the argument's position.
//   - All problems are reported together.
//   - Usage is printed by --help only, so that it does not push the problems off
//     the screen.

// isHelp reports whether an argument asks for help.
func isHelp(arg string) bool { return slices.Contains([]string{"--help", "-help", "-h", "help"}, arg) }

// commandLine is the command line of one command.
type commandLine struct {
	// name is the command with its subcommand, usage its help.
	name, usage string
	flags       *flag.FlagSet
}

func newCommandLine(name, usage string) commandLine {
	c := commandLine{name, usage, flag.NewFlagSet(name, flag.ContinueOnError)}
	c.flags.SetOutput(io.Discard) // package flag quotes arguments
	return c
}

// text defines a flag with a value.
func (c commandLine) text(target *string, name, value string) {
	c.flags.StringVar(target, name, value, "")
}

// toggle defines a flag without a value.
func (c commandLine) toggle(target *bool, name string) { c.flags.BoolVar(target, name, false, "") }

// parse reads the arguments. It returns an exit status when the command is not to
// run: 0 after --help, 2 after wrong usage.
func (c commandLine) parse(e Env, args []string) (done bool, status int) {
	err := c.flags.Parse(args)
	rest := c.flags.NArg()
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(e.Stdout, c.usage)
		return true, exitOK
	case err != nil:
		return true, misuse(e, c.name, c.refused(args, len(args)-rest))
	case rest > 0:
		return true, misuse(e, c.name, fmt.Sprintf("argument %d is not expected; a token or a policy is read from a file or standard input", len(args)-rest+1))
	}
	return false, exitOK
}

// refused says why package flag refused an argument; its own words quote it. The
// argument is the last of those that were consumed, unless it does not even have the
// form of a flag.
func (c commandLine) refused(args []string, consumed int) string {
	at := consumed - 1
	if consumed < len(args) && malformed(args[consumed]) {
		at = consumed
	}
	name, _, _ := strings.Cut(strings.TrimLeft(args[at], "-"), "=")
	if known := c.flags.Lookup(name); known != nil && known.DefValue == "false" {
		return "--" + name + ": takes no value"
	} else if known != nil {
		return "--" + name + ": a value is required"
	}
	var all []string
	c.flags.VisitAll(func(f *flag.Flag) { all = append(all, "--"+f.Name) })
	return fmt.Sprintf("argument %d is not a flag of %s; its flags are %s", at+1, c.name, strings.Join(all, ", "))
}

// malformed reports whether an argument looks like a flag without a name.
func malformed(arg string) bool {
	return strings.HasPrefix(arg, "---") || strings.HasPrefix(arg, "-=") || strings.HasPrefix(arg, "--=")
}

// misuse reports every problem of the command line of a command.
func misuse(e Env, command string, problems ...string) int {
	for _, p := range problems {
		fmt.Fprintf(e.Stderr, "assume-aws-role: %s\n", vso.Neutralise(p))
	}
	fmt.Fprintf(e.Stderr, "For help: assume-aws-role %s --help\n", command)
	return exitUsage
}

// broken reports that a command failed.
func broken(e Env, err error, remedy ...string) int {
	f := fault.Fault{Code: fault.Command, Summary: "the command failed", Why: err.Error(), Remedy: remedy, Cause: err}
	say(e, f.Message())
	return exitFault
}

// formatProblem says when a format is not one of those that a command has.
func formatProblem(format string, known ...string) []string {
	if slices.Contains(known, format) {
		return nil
	}
	return []string{"--format: must be one of " + strings.Join(known, ", ")}
}
