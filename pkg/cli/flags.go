package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// maxFile bounds what the commands read from a file or standard input, in bytes.
const maxFile = 1 << 20

// flags are those of one command: where their values go, and the switches, which have
// none. Package flag would do more than is wanted here and cost 1 % of the binary, of
// which the budget of the package has little left.
type flags struct {
	values   map[string]*string
	switches map[string]*bool
}

// parse reads --name value, --name=value and --switch; one hyphen does, too.
func (f flags) parse(args []string) (help bool, problem string) {
	const noFlag = "this command has no such flag, or a flag lacks its value"
	for len(args) > 0 {
		name, isFlag := strings.CutPrefix(args[0], "-")
		name, value, inline := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		args = args[1:]
		target, toggle := f.values[name], f.switches[name]
		switch {
		case !isFlag || name == "":
			return false, "an argument is not expected here; a token or a policy is read from a file or standard input"
		case name == "help" || name == "h":
			return true, ""
		case toggle != nil && !inline:
			*toggle = true
		case toggle != nil:
			return false, "--" + name + " takes no value"
		case target == nil || !inline && len(args) == 0:
			return false, noFlag
		case inline:
			*target = value
		default:
			*target, args = args[0], args[1:]
		}
	}
	return false, ""
}

// command parses the flags of one command. It returns an exit status when the
// command is not to run: 0 after --help, 2 after bad usage.
func command(e Env, usage string, f flags, args []string) (done bool, status int) {
	help, problem := f.parse(args)
	switch {
	case help:
		fmt.Fprint(e.Stdout, usage)
		return true, exitOK
	case problem != "":
		return true, misuse(e, usage, problem)
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

// broken says that a command could not do its work.
func broken(e Env, err error, remedy ...string) int {
	f := fault.Fault{Code: fault.Command, Summary: "the command could not do its work", Why: err.Error(), Remedy: remedy, Cause: err}
	say(e, f.Message())
	return exitFault
}

// readInput reads the file that a flag names, or standard input for "-" and "".
// Its errors name the flag and never the file: what stands there could be a token
// that was meant to be in a file.
func readInput(e Env, flagName, file string) ([]byte, error) {
	in := e.Stdin
	if file != "" && file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, unreadable(flagName, err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, unreadable(flagName, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: the input is larger than 1 MiB", flagName)
	}
	return utf8Text(data), nil
}

// utf8Text takes the byte order mark off that some editors and shells write, and
// decodes the UTF-16 that Windows PowerShell makes of a redirected output.
func utf8Text(data []byte) []byte {
	wide, ok := bytes.CutPrefix(data, []byte("\xff\xfe"))
	if !ok {
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	units := make([]uint16, len(wide)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(wide[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

func unreadable(flagName string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s: the file that this flag names cannot be read: %w", flagName, err)
}

// readToken reads a token and its claims.
func readToken(e Env, flagName, file string) (claims.UnverifiedClaims, error) {
	data, err := readInput(e, flagName, file)
	if err != nil {
		return claims.UnverifiedClaims{}, err
	}
	return claims.Inspect(secret.New(strings.Join(strings.Fields(string(data)), "")))
}

// formatProblem says when a format is not one of those that a command has.
func formatProblem(format string, known ...string) []string {
	if slices.Contains(known, format) {
		return nil
	}
	return []string{"--format: one of " + strings.Join(known, ", ") + " is wanted"}
}
