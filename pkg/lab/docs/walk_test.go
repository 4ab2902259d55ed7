package docs

import (
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// The README's quick start, from top to bottom, as somebody new would follow it: the
// connection of step 2, the run of step 3 that fails, AWS as step 4 says it, and the
// same run again. Every value comes from the README itself or from the error.
func TestQuickStart(t *testing.T) {
	t.Parallel()
	packedVSIX(t)
	readme := quickStart(t)
	first, last := readme.pipeline(t, "### 3. "), readme.pipeline(t, "### 5. ")

	nobody := newStage(t, account(t, readme, sandbox.Account{}))
	denied := nobody.play(first)
	if denied.Outcome != miniagent.Failed || len(denied.Steps[0].Issues) != 1 {
		t.Fatalf("step 3 does not fail with one error: %s %+v", denied.Outcome, denied.Steps[0])
	}
	if code := denied.Steps[0].Issues[0].Code; !strings.Contains(readme.section(t, "### 3. "), code) {
		t.Fatalf("the README does not say that step 3 fails with %s", code)
	}
	for name, made := range map[string]sandbox.Account{
		"the values of the error, in the console": fromError(t, readme, logText(denied)),
		"the command-line tool":                   fromCommand(t, readme),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, account(t, readme, made))
			for _, steps := range [][]map[string]any{first, last} {
				if r := s.play(steps); r.Outcome != miniagent.Succeeded {
					t.Errorf("step 5 fails:\n%s", logText(r))
				}
			}
			if calls := s.calls(); len(calls) == 0 {
				t.Error("the deployment did not run")
			}
		})
	}
}

// walk is the README's quick start by its headings.
type walk struct{ text string }

func quickStart(t *testing.T) walk {
	t.Helper()
	_, text, found := strings.Cut(pages(t)["README.md"], "\n## Quick start\n")
	text, _, _ = strings.Cut(text, "\n## ")
	if !found {
		t.Fatal("README.md has no quick start")
	}
	return walk{text}
}

func (w walk) section(t *testing.T, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(w.text, "\n"+heading)
	if !found {
		t.Fatalf("the quick start has no heading %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n### ")
	return text
}

// snippet is the last fenced block of a language in a section.
func (w walk) snippet(t *testing.T, heading, language string) string {
	t.Helper()
	found := ""
	for _, m := range fence.FindAllStringSubmatch(w.section(t, heading), -1) {
		if m[1] == language {
			found = m[2]
		}
	}
	if found == "" {
		t.Fatalf("%s has no %s", heading, language)
	}
	return found
}

func (w walk) pipeline(t *testing.T, heading string) []map[string]any {
	t.Helper()
	found := jobs(document(t, snippet{"README.md", w.snippet(t, heading, "yaml")}))
	if len(found) != 1 {
		t.Fatalf("%s has %d jobs", heading, len(found))
	}
	return found[0]
}

// account is the reader's world: the connection of step 2, and an AWS account.
func account(t *testing.T, w walk, a sandbox.Account) sandbox.Config {
	t.Helper()
	cfg := sandbox.Default()
	name := regexp.MustCompile("Name it `([^`]+)`").FindStringSubmatch(w.section(t, "### 2. "))
	if name == nil {
		t.Fatal("the quick start names no connection")
	}
	cfg.Connections = []sandbox.Connection{{Named: sandbox.Named{Name: name[1], ID: connectionID}, Kind: sandbox.AWSOIDC}}
	a.ID = accountID(t, w)
	cfg.Accounts = []sandbox.Account{a}
	return cfg
}

// fromError is what a reader makes in the console of the values in the error.
func fromError(t *testing.T, w walk, log string) (a sandbox.Account) {
	t.Helper()
	url := regexp.MustCompile(`(?m)^ *(?:provider )?URL: +(https://\S+)$`).FindStringSubmatch(log)
	audience := regexp.MustCompile(`(?m)^ *(?:audience|client id): +(\S+)$`).FindStringSubmatch(log)
	policy := regexp.MustCompile(`(?ms)^\{\n.*?\n\}$`).FindString(log)
	role := regexp.MustCompile("Name the role `([^`]+)`").FindStringSubmatch(w.section(t, "### 4. "))
	if url == nil || audience == nil {
		t.Fatalf("the error lacks the URL or the audience of the provider:\n%s", log)
	}
	if role == nil {
		t.Fatal("the README does not name the role")
	}
	if !json.Valid([]byte(policy)) {
		t.Fatalf("the error holds no policy:\n%s", log)
	}
	a.Providers = []sandbox.OIDCProvider{{URL: url[1], ClientIDs: []string{audience[1]}}}
	a.Roles = []sandbox.Role{{ARN: arn(t, w, role[1]), TrustPolicy: json.RawMessage(policy)}}
	return a
}

// accountID is the account of the reader's role.
func accountID(t *testing.T, w walk) string {
	t.Helper()
	id := regexp.MustCompile(`arn:aws:iam::(\d{12}):role/`).FindStringSubmatch(w.text)
	if id == nil {
		t.Fatal("the quick start names no account")
	}
	return id[1]
}

func arn(t *testing.T, w walk, role string) string {
	t.Helper()
	return "arn:aws:iam::" + accountID(t, w) + ":role/" + role
}

// fromCommand is what the commands make that the command-line tool writes.
func fromCommand(t *testing.T, w walk) (a sandbox.Account) {
	t.Helper()
	command := strings.Fields(w.snippet(t, "### 4. ", "sh"))
	script := runCommand(t, "README.md", command[1:])
	s := newStage(t, sandbox.Default())
	sh := exec.CommandContext(t.Context(), "sh", "-eu")
	sh.Stdin, sh.Env = strings.NewReader(script), []string{"PATH=" + s.path, stubLog + "=" + s.log, stubAccount + "=" + accountID(t, w)}
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s in\n%s", err, out, script)
	}
	for _, c := range s.calls() {
		switch c.Args[1] {
		case "create-open-id-connect-provider":
			a.Providers = append(a.Providers, sandbox.OIDCProvider{URL: c.flag("--url"), ClientIDs: []string{c.flag("--client-id-list")}})
		case "create-role":
			a.Roles = append(a.Roles, sandbox.Role{ARN: arn(t, w, c.flag("--role-name")), TrustPolicy: json.RawMessage(c.flag("--assume-role-policy-document"))})
		}
	}
	return a
}
