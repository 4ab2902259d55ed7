package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// run runs a command of the program with a standard input.
func run(input string, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = cli.Run(context.Background(), cli.Env{
		Args: args, Stdin: strings.NewReader(input), Stdout: &out, Stderr: &errs,
		Now: func() time.Time { return time.Unix(1_795_392_000, 0) }, Version: "1.0.0",
	})
	return status, out.String(), errs.String()
}

// TestCommandLine holds every way to get a command line wrong to a message that names
// the flag or the position and repeats nothing, because it could be a token.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
	for name, c := range map[string]struct {
		args string
		want string
	}{
		"unknown flag":           {"trust-policy generate --account 111122223333 --" + token + " x", "argument 3 is not a flag of trust-policy generate; its flags are --account, --audience, "},
		"unknown with a value":   {"trust-policy check --policy=p -" + token + "=" + token, "argument 2 is not a flag of trust-policy check; its flags are --claims, --format, --policy, --token\n"},
		"flag of a sibling":      {"trust-policy generate --policy p", "argument 1 is not a flag of trust-policy generate"},
		"three hyphens":          {"trust-policy generate --account 1 ---" + token, "argument 3 is not a flag"},
		"no name":                {"trust-policy generate -=" + token, "argument 1 is not a flag"},
		"value that is missing":  {"trust-policy generate --org o --account", "--account: a value is required"},
		"switch with a value":    {"trust-policy generate --migrate=" + token, "--migrate: takes no value"},
		"positional argument":    {"token inspect " + token, "argument 1 is not expected; a token or a policy is read from a file or standard input"},
		"positional, after more": {"token inspect --format json " + token, "argument 3 is not expected"},
		"a hyphen alone":         {"token inspect - ", "argument 1 is not expected"},
		"after two hyphens":      {"token inspect -- " + token, "argument 2 is not expected"},
		"unknown command":        {token, "unknown command\nFor help: assume-aws-role --help\n"},
		"unknown subcommand":     {"trust-policy " + token, "the subcommand generate or check is required"},
		"no subcommand":          {"token " + token, "the subcommand inspect is required"},
		"format":                 {"token inspect --format " + token, "--format: must be one of text, json\n"},
		"field of a policy":      {"trust-policy generate --identity entra-exchange --account 111122223333 --tenant-id 7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587 --object-id 9e4b7a20-6c13-4d58-b0f7-2a81d5c3e694 --audience api://aws --token-version " + token, "--token-version: must be 1 or 2\n"},
		"no policy":              {"trust-policy check --claims c", "--policy: required\n"},
		"claims and token":       {"trust-policy check --policy p --claims c --token t", "exactly one of --claims and --token is required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := run("", strings.Fields(c.args)...)
			if status != 2 || stdout != "" {
				t.Errorf("status %d, standard output %q; want 2 and nothing", status, stdout)
			}
			if !strings.Contains(stderr, "assume-aws-role: "+c.want) {
				t.Errorf("got %q, want %q", stderr, c.want)
			}
			if !strings.Contains(stderr, "\nFor help: assume-aws-role ") {
				t.Errorf("no way to help in %q", stderr)
			}
			if strings.Contains(stderr, "eyJ") {
				t.Errorf("an argument is repeated: %q", stderr)
			}
			if n := strings.Count(stderr, "\n"); n > 2 {
				t.Errorf("%d lines push the problem off the screen", n)
			}
		})
	}
}

// TestFlagForms: one hyphen or two, the value after a space or an equals sign.
func TestFlagForms(t *testing.T) {
	t.Parallel()
	const claims = `{"iss":"https://i","sub":"s","aud":"a"}`
	const policy = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}`
	for _, args := range []string{"--policy - --claims %s", "-policy=- -claims=%s", "--policy=- --claims %s"} {
		file := t.TempDir() + "/claims.json"
		write(t, file, claims)
		status, stdout, stderr := run(policy, strings.Fields("trust-policy check "+strings.ReplaceAll(args, "%s", file))...)
		if status != 3 || !strings.HasPrefix(stdout, "NOT ADMITTED: ") {
			t.Errorf("%s: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	for _, help := range []string{"-h", "--help", "-help"} {
		if status, stdout, _ := run("", "token", "inspect", help); status != 0 || !strings.HasPrefix(stdout, "usage: assume-aws-role token inspect") {
			t.Errorf("%s: status %d, %q", help, status, stdout)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func decodeJSON(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
