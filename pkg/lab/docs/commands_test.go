package docs

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// stand-ins for the files that commands of the pages name.
var files = map[string]string{
	"trust.json": "examples/trust-policy.json", "claims.json": "examples/claims.json",
	"examples/trust-policy.json": "examples/trust-policy.json", "examples/claims.json": "examples/claims.json",
}

func TestCommandsRun(t *testing.T) {
	t.Parallel()
	count := 0
	for _, s := range snippets(t, "sh") {
		for line := range strings.Lines(strings.ReplaceAll(s.text, "\\\n", " ")) {
			args := strings.Fields(line)
			if len(args) > 0 && args[0] == "./build.sh" {
				knownBuildCommand(t, s.page, args)
			}
			if len(args) < 2 || args[0] != "assume-aws-role" {
				continue
			}
			count++
			runCommand(t, s.page, args[1:])
		}
	}
	if count < 5 {
		t.Errorf("only %d commands found", count)
	}
}

func knownBuildCommand(t *testing.T, page string, args []string) {
	t.Helper()
	if len(args) < 2 || !strings.Contains(read(t, filepath.Join(root, "build.sh")), "\n  "+args[1]) {
		t.Errorf("%s: build.sh has no command %v", page, args)
	}
}

// runCommand runs the program in this process, as a reader of the page would, and
// returns what it printed.
func runCommand(t *testing.T, page string, args []string) string {
	t.Helper()
	for i, arg := range args {
		if path, ok := files[arg]; ok {
			args[i] = filepath.Join(root, path)
		}
		if arg == "token.jwt" {
			args[i] = unsignedToken(t)
		}
	}
	var out, errs bytes.Buffer
	status := cli.Run(context.Background(), cli.Env{
		Args: args, Lookup: func(string) (string, bool) { return "", false }, Stdin: strings.NewReader(""),
		Stdout: &out, Stderr: &errs, Now: time.Now, Version: "1.0.0", Executable: os.Executable,
	})
	if status != 0 || out.Len() == 0 {
		t.Errorf("%s: %v ends with %d: %s", page, args, status, errs.String())
	}
	return out.String()
}

// unsignedToken writes a token that inspects as the claims of the examples.
func unsignedToken(t *testing.T) string {
	t.Helper()
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIiwic3ViIjoicyIsImF1ZCI6ImEifQ.c2ln"
	path := filepath.Join(t.TempDir(), "token.jwt")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The policies of the pages are what trust-policy check finds nothing wrong with.
func TestPoliciesAreSound(t *testing.T) {
	t.Parallel()
	texts := snippets(t, "json")
	texts = append(texts, snippet{"trust-policy.json", read(t, filepath.Join(root, "examples/trust-policy.json"))})
	for _, s := range texts {
		if !json.Valid([]byte(s.text)) {
			t.Errorf("%s: not JSON:\n%s", s.page, s.text)
		}
		if !strings.Contains(s.text, `"Principal"`) || !strings.Contains(s.text, `"Version"`) {
			continue
		}
		policy, err := trustpolicy.Parse([]byte(s.text))
		if err != nil {
			t.Errorf("%s: %v in\n%s", s.page, err, s.text)
			continue
		}
		for _, f := range policy.Lint() {
			if f.Level != trustpolicy.Info {
				t.Errorf("%s: %s in\n%s", s.page, f.Text, s.text)
			}
		}
	}
}

func TestTerraformParses(t *testing.T) {
	t.Parallel()
	for _, s := range snippets(t, "terraform") {
		if _, problems := hclsyntax.ParseConfig([]byte(s.text), s.page, hcl.InitialPos); problems.HasErrors() {
			t.Errorf("%s: Terraform that cannot be parsed: %v", s.page, problems)
		}
	}
}

func TestLiveCheckJudgesRecordedOutputs(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	const session = "arn:aws:sts::111122223333:assumed-role/live-check/payments-live-7"
	for _, c := range []struct {
		check string
		env   []string
		want  string
	}{
		{"install", []string{"ISSUER=https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"}, "PASS install: "},
		{"install", []string{"ISSUER=$(own.issuer)"}, "FAIL install: "},
		{"issuer", []string{"ISSUER=https://vstoken.dev.azure.com/0f8a7c52", "ORGANISATION=0f8a7c52"}, "PASS issuer: "},
		{"issuer", []string{"ISSUER=https://vstoken.dev.azure.com/0f8a7c52", "ORGANISATION=99999999"}, "FAIL issuer: "},
		{"issuer", []string{"ISSUER=$(own.issuer)", "ORGANISATION=0f8a7c52"}, "FAIL issuer: "},
		{"pinned-connection", []string{"ROLE_ARN=" + session}, "PASS pinned-connection: "},
		{"pinned-connection", nil, "FAIL pinned-connection: "},
		{"subject", []string{"SUBJECT=p://contoso-eng/payments/live", "WANT=p://contoso-eng/payments/live"}, "PASS subject: "},
		{"subject", []string{`SUBJECT=p://contoso-eng/payments/\team\live`, "WANT=p://contoso-eng/payments/live"}, "FAIL subject: "},
		{"subject", []string{"SUBJECT=$(own.subject)", "WANT=$(own.subject)"}, "FAIL subject: "},
		{"entra-direct", []string{"ISSUER=https://login.microsoftonline.com/3f2a91d0-6c1e-4b57-8d2e-90ab12cd34ef/v2.0"}, "PASS entra-direct: "},
		{"entra-direct", []string{"ISSUER=https://vstoken.dev.azure.com/x"}, "FAIL entra-direct: "},
		{"caller", []string{"CALLER=" + session, "WANT=" + session}, "PASS caller: "},
		{"caller", []string{"CALLER=" + session + "8", "WANT=" + session}, "FAIL caller: "},
		{"caller", []string{"WANT=" + session}, "FAIL caller: "},
		{"other", nil, "FAIL usage: "},
	} {
		cmd := exec.Command(shell, filepath.Join(root, "examples/live-check/check.sh"), c.check)
		cmd.Env = c.env
		out, err := cmd.Output()
		if passed := err == nil; !strings.HasPrefix(string(out), c.want) || passed != strings.HasPrefix(c.want, "PASS") {
			t.Errorf("%s %v: %q, %v; want %q", c.check, c.env, out, err, c.want)
		}
	}
}
