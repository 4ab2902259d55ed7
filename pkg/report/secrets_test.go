package report

import (
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// TestTokensSayNoSecret: a token is a foreign text, too, and can hold the job's token in
// any spelling.
func TestTokensSayNoSecret(t *testing.T) {
	t.Parallel()
	const jobToken = "c4n4ryJobTokenOfTheRunningJob0123456789"
	known := &foreign.Secrets{}
	known.Add(secret.New(jobToken))
	spaced := strings.Join(strings.Split(jobToken, ""), " ")
	r := Run{Result: exchange.Result{Known: known, Presented: &claims.UnverifiedClaims{Issuer: "https://i", Subject: "sc://o/p/" + spaced, Audience: []string{"a"}}}}
	f := r.Failure(&fault.Fault{Code: fault.STSAccessDenied, Summary: "denied", Why: "AWS says: " + spaced, Details: []string{"id: " + jobToken[:20]}})
	said := strings.ToLower(strings.ReplaceAll(f.Message(), " ", ""))
	if strings.Contains(said, strings.ToLower(jobToken[:16])) || strings.Count(f.Message(), "(secret removed)") < 4 {
		t.Error(f.Message())
	}
}
