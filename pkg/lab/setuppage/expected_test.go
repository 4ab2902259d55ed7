package setuppage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// Ids of the sample organisation; the vectors have the same.
const (
	orgID        = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
	tenantID     = "7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587"
	connectionID = "3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954"
	clientID     = "91e4b7c0-2f3d-4a58-96bc-d07f5e8a1234"
	objectID     = "c2a8f613-7e50-4d9b-8a3c-16b4d9f0e725"
	audienceID   = "58f2d6a9-0c7e-4b13-a5d4-e91b3c8f6072"
)

// expected is what the command line and the task say, for the page to be compared with.
type expected struct {
	Roles        []roleCase        `json:"roles"`
	Vectors      []vectorCase      `json:"vectors"`
	VectorPolicy string            `json:"vectorPolicy"`
	Log          string            `json:"log"`
	Link         string            `json:"link"`
	GoodPolicy   string            `json:"goodPolicy"`
	Steps        map[string]string `json:"steps"`
	Command      string            `json:"command"`
}

func expect(t *testing.T) expected {
	t.Helper()
	log := deniedLog(t)
	return expected{
		Roles: roleCases(t), Vectors: vectorCases(t), VectorPolicy: string(read(t, "testdata/policy.json")),
		Log: log, Link: linkIn(t, log), GoodPolicy: string(read(t, "../../../examples/trust-policy.json")), Steps: wantedSteps(t),
		Command: "assume-aws-role trust-policy generate --identity service-connection --project payments --connection 'it'\\''s aws' --account 111122223333" +
			" --role azure-pipelines-deploy --partition aws --existing-provider --org contoso-eng --org-id " + orgID + " --format terraform",
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// command runs the command line and returns its output, whatever it decides.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := cli.Run(t.Context(), cli.Env{
		Args: args, Lookup: func(string) (string, bool) { return "", false },
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now,
	})
	if status == 1 || status == 2 {
		t.Fatalf("%q ends with %d: %s", args, status, stderr.String())
	}
	return stdout.String()
}

// roleCase is a form, and what the command line makes of the same values.
type roleCase struct {
	Name    string            `json:"name"`
	Fields  map[string]any    `json:"fields"`
	Formats map[string]string `json:"formats"`
}

func roleCases(t *testing.T) []roleCase {
	t.Helper()
	entra := map[string]any{"identity": "entra-exchange", "connection": "azure-prod", "tenant-id": tenantID, "object-id": objectID}
	cases := []roleCase{
		{Name: "a connection", Fields: map[string]any{"connection": "aws-prod"}},
		{Name: "a connection with a foreign name", Fields: map[string]any{"connection": "it's a/b", "project": "São Paulo"}},
		{Name: "a connection on both issuers", Fields: map[string]any{"connection": "aws-prod", "migrate": true, "connection-id": connectionID, "tenant-id": tenantID}},
		{Name: "a pipeline", Fields: map[string]any{"identity": "pipeline", "pipeline": "deploy infra", "role": "/team/deploy"}},
		{Name: "an Entra connection", Fields: map[string]any{"identity": "entra-connection", "connection": "azure-prod", "connection-id": connectionID, "tenant-id": tenantID}},
		{Name: "an exchange, version 2", Fields: with(entra, map[string]any{"token-version": "2", "client-id": clientID, "audience": audienceID})},
		{Name: "an exchange, version 1", Fields: with(entra, map[string]any{"token-version": "1", "audience": "api://aws"})},
		{Name: "an existing provider in China", Fields: map[string]any{"connection": "aws-prod", "partition": "aws-cn", "existing-provider": true}},
	}
	for i, c := range cases {
		c.Fields["account"] = "111122223333"
		cases[i].Formats = map[string]string{}
		for _, format := range trustpolicy.Formats {
			cases[i].Formats[format] = command(t, append([]string{"trust-policy", "generate", "--format", format}, flags(c.Fields)...)...)
		}
	}
	return cases
}

func with(some, more map[string]any) map[string]any {
	all := map[string]any{}
	for _, m := range []map[string]any{some, more} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// flags are those of the command line for the fields of a form.
func flags(fields map[string]any) []string {
	all := with(map[string]any{"identity": "service-connection", "org": "contoso-eng", "org-id": orgID, "project": "payments"}, fields)
	var args []string
	for name, value := range all {
		args = append(args, "--"+name)
		if text, ok := value.(string); ok {
			args = append(args, text)
		}
	}
	return args
}

// vectorCase is a token, and what the command line says of it and of testdata/policy.json.
type vectorCase struct {
	Name     string      `json:"name"`
	Claims   string      `json:"claims"`
	Allowed  bool        `json:"allowed"`
	Passes   bool        `json:"passes"`
	Tests    [][2]string `json:"tests"`
	Findings [][2]string `json:"findings"`
}

func vectorCases(t *testing.T) []vectorCase {
	t.Helper()
	files, err := filepath.Glob(filepath.FromSlash("../../claims/testdata/vectors/*.json"))
	if err != nil || len(files) < 10 {
		t.Fatalf("vectors: %v, %v", files, err)
	}
	var cases []vectorCase
	for _, file := range files {
		var vector struct {
			Name    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(read(t, file), &vector); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, vectorCase{Name: vector.Name, Claims: string(vector.Payload)}.checked(t))
	}
	return cases
}

// checked fills in the verdict of the command line.
func (c vectorCase) checked(t *testing.T) vectorCase {
	t.Helper()
	file := filepath.Join(t.TempDir(), "claims.json")
	if err := os.WriteFile(file, []byte(c.Claims), 0o600); err != nil {
		t.Fatal(err)
	}
	var verdict trustpolicy.Verdict
	out := command(t, "trust-policy", "check", "--policy", "testdata/policy.json", "--claims", file, "--format", "json")
	if err := json.Unmarshal([]byte(out), &verdict); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	c.Allowed, c.Passes = verdict.Allowed, verdict.Passes
	for _, statement := range verdict.Decision.Statements {
		for _, reason := range statement.Reasons {
			c.Tests = append(c.Tests, shown(reason))
		}
	}
	for _, f := range verdict.Findings {
		if f.Level != trustpolicy.Info {
			where := ""
			if f.Statement > 0 {
				where = fmt.Sprintf("Statement %d: ", f.Statement)
			}
			c.Findings = append(c.Findings, [2]string{string(f.Level), where + f.Text})
		}
	}
	return c
}

// shown is a test as the page has it: values stand below the test's name.
func shown(r trustpolicy.Reason) [2]string {
	text := r.Text
	if len(r.Want) > 0 && len(r.Got) > 0 {
		text = r.Name
	}
	if r.Holds {
		return [2]string{"met", text}
	}
	return [2]string{"not met", text}
}

// wantedSteps are the YAML of the form that the browser fills in.
func wantedSteps(t *testing.T) map[string]string {
	t.Helper()
	role := setuppage.SetUp(setuppage.Form{Region: "eu-west-1", Spec: trustpolicy.Spec{
		Identity: trustpolicy.ServiceConnection, Account: "111122223333", Partition: "aws", Role: "team/deploy",
		Org: "contoso-eng", OrgID: orgID, Project: "payments", Connection: "aws-prod",
	}})
	if role.Steps == nil {
		t.Fatal(role.Problems)
	}
	return map[string]string{"profile": role.Steps.Profile, "variables": role.Steps.Variables, "check": role.Steps.Check}
}
