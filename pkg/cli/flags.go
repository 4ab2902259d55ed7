package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// maxFile bounds what the commands read from a file or standard input, in bytes.
const maxFile = 1 << 20

// command parses the flags of one command. It returns an exit status when the
// command is not to run: 0 after --help, 2 after bad usage.
func command(e Env, usage string, set *flag.FlagSet, args []string) (done bool, status int) {
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(e.Stdout, usage)
		return true, exitOK
	case err != nil:
		return true, misuse(e, usage, "this command has no such flag, or a flag lacks its value")
	case set.NArg() > 0:
		return true, misuse(e, usage, "an argument is not expected here; a token or a policy is read from a file or standard input")
	}
	return false, exitOK
}

// misuse says every problem of a command line; none quotes an argument, which
// could be a token.
func misuse(e Env, usage string, problems ...string) int {
	for _, p := range problems {
		fmt.Fprintf(e.Stderr, "assume-aws-role: %s\n", vso.Neutralise(p))
	}
	fmt.Fprintf(e.Stderr, "\n%s", usage)
	return exitUsage
}

// broken says a fault of a command that people run.
func broken(e Env, err error) int {
	fmt.Fprintf(e.Stderr, "assume-aws-role: %s\n", vso.Neutralise(err.Error()))
	return exitFault
}

// readInput reads a file, or standard input for "-" and "".
func readInput(e Env, name string) ([]byte, error) {
	in := e.Stdin
	if name != "" && name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading file: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading input: %w", err)
	}
	if len(data) > maxFile {
		return nil, errors.New("the input is larger than 1 MiB")
	}
	return data, nil
}

// readToken reads a token and its claims.
func readToken(e Env, name string) (idtoken.UnverifiedClaims, error) {
	data, err := readInput(e, name)
	if err != nil {
		return idtoken.UnverifiedClaims{}, err
	}
	return idtoken.Inspect(secret.New(strings.TrimSpace(string(data))))
}

// formatProblem says when a format is not one of those that a command has.
func formatProblem(format string, known ...string) []string {
	if slices.Contains(known, format) {
		return nil
	}
	return []string{"--format: one of " + strings.Join(known, ", ") + " is wanted"}
}
