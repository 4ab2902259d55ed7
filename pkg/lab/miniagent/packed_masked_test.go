package miniagent

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// secretsInClaims are secret variables whose values occur in roles, claims and documents.
var secretsInClaims = []Variable{
	{Name: "team", Value: "contoso", Secret: true},
	{Name: "project", Value: "payments", Secret: true},
	{Name: "account", Value: "111122223333", Secret: true},
	{Name: "connection", Value: "aws-prod", Secret: true},
	{Name: "word", Value: "StringEquals", Secret: true},
	{Name: "subject", Value: "sc://contoso-eng/payments/aws-prod", Secret: true},
	{Name: "two", Value: "oi", Secret: true},
	{Name: "slash", Value: "/aws", Secret: true},
}

// document is the first JSON document of a masked log.
func (r Result) document(t *testing.T) (trust struct {
	Statement []struct {
		Principal map[string]string
		Condition map[string]map[string]string
	}
},
) {
	t.Helper()
	from := slices.Index(r.Log, "{")
	if from < 0 {
		t.Fatal("no document in the log")
	}
	to := from + slices.Index(r.Log[from:], "}")
	if err := json.Unmarshal([]byte(strings.Join(r.Log[from:to+1], "\n")), &trust); err != nil || len(trust.Statement) != 1 {
		t.Fatalf("%v in %q", err, r.Log[from:to+1])
	}
	return trust
}

// joined is the value of a line whose pieces are put together.
func (r Result) joined(label string) string {
	for _, line := range r.Log {
		if rest, ok := strings.CutPrefix(line, label); ok {
			return strings.Trim(strings.ReplaceAll(strings.TrimSpace(rest), `" + "`, ""), `"`)
		}
	}
	return ""
}

// TestPackedSecretsInClaims: what has to be pasted survives the agent's masker, in a
// denial and with checkOnly; an input that holds a secret is not quoted.
func TestPackedSecretsInClaims(t *testing.T) {
	t.Parallel()
	const subject = "sc://contoso-eng/payments/aws-prod"
	for _, step := range []Step{prod("roleArn", "arn:aws:iam::111122223333:role/denied"), prod("checkOnly", "true")} {
		p := newPacked(t, sandbox.EnvOptions{}, step)
		p.job.Variables = append(p.job.Variables, secretsInClaims...)
		r, err := Run(p.Context(), p.job)
		if err != nil {
			t.Fatal(err)
		}
		trust := r.document(t)
		if got := slices.Collect(maps.Values(trust.Statement[0].Condition["StringEquals"])); !slices.Contains(got, subject) {
			t.Errorf("the document has the conditions %q", trust.Statement[0].Condition)
		}
		if got := trust.Statement[0].Principal["Federated"]; !strings.HasPrefix(got, "arn:aws:iam::111122223333:oidc-provider/vstoken.dev.azure.com/") {
			t.Errorf("the document has the principal %q", got)
		}
		for _, label := range []string{"subject: ", "  :sub: "} {
			if (label == "subject: ") != (step.Inputs["checkOnly"] != "") {
				continue // the log of a denial masks it, and its error does not
			}
			if got := r.joined(label); got != subject {
				t.Errorf("the log says %s%q, want %q", label, got, subject)
			}
		}
		if got := r.joined("role: "); !strings.HasPrefix(got, "the value (not shown") {
			t.Errorf("the log says role: %q, and the input holds a secret", got)
		}
	}
}
