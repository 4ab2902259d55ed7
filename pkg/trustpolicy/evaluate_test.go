package trustpolicy_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// decideFor evaluates the document for a subject of the organisation.
func decideFor(t *testing.T, document, subject string) bool {
	t.Helper()
	p, err := trustpolicy.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	v := claims.AWSView{Provider: "vstoken.dev.azure.com/" + orgID, Audience: claims.TokenExchangeAudience, Subject: subject}
	return p.Evaluate(trustpolicy.RequestFor(iam.Commercial, account, v)).Allowed
}

// around puts conditions into a statement that trusts the organisation's issuer.
func around(effect, conditions string) string {
	return fmt.Sprintf(`{"Effect":%q,"Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/vstoken.dev.azure.com/%s"},"Action":"STS:AssumeRole*","Condition":{%s}}`,
		effect, account, orgID, conditions)
}

func conditionOn(operator, name, value string) string {
	return fmt.Sprintf(`%q:{"VSTOKEN.dev.azure.com/%s:%s":%q}`, operator, orgID, name, value)
}

func TestOperators(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		operator, name, value string
		want                  bool
	}{
		{"StringEquals", "sub", "sc://o/p/c", true},
		{"StringEquals", "sub", "sc://o/p/C", false},
		{"StringEquals", "sub", "sc://o/p/*", false},
		{"StringEqualsIgnoreCase", "sub", "SC://o/p/C", true},
		{"StringNotEquals", "sub", "sc://o/p/c", false},
		{"StringNotEquals", "rpo_ref", "x", true},
		{"StringLike", "sub", "sc://o/*", true},
		{"StringLike", "sub", "SC://o/*", false},
		{"StringLike", "rpo_ref", "*", false},
		{"StringNotLike", "sub", "sc://x/*", true},
		{"StringEqualsIfExists", "rpo_ref", "x", true},
		{"ForAllValues:StringEquals", "rpo_ref", "x", true},
		{"ForAnyValue:StringEquals", "rpo_ref", "x", false},
		{"Null", "sub", "false", true},
		{"Null", "sub", "true", false},
		{"StringMatches", "sub", "sc://o/p/c", false},
	} {
		document := `{"Statement":` + around("Allow", conditionOn(tt.operator, tt.name, tt.value)) + `}`
		if got := decideFor(t, document, "sc://o/p/c"); got != tt.want {
			t.Errorf("%s %s %s: got %v", tt.operator, tt.name, tt.value, got)
		}
	}
}

// TestRequest holds the keys that a token fills, and no others.
func TestRequest(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::111122223333:oidc-provider/i"
	want := map[string][]string{"i:aud": {"a"}, "i:sub": {"s"}, "aws:FederatedProvider": {arn}, "aws:SecureTransport": {"true"}}
	view := claims.AWSView{Provider: "i", Audience: "a", Subject: "s"}
	if diff := cmp.Diff(want, trustpolicy.RequestFor("aws", "111122223333", view).Keys); diff != "" {
		t.Errorf("the keys (-want +got):\n%s", diff)
	}
	view.AMR, view.OriginalAudience, view.Email = []string{"m"}, "o", "e"
	want["i:amr"], want["i:oaud"], want["i:email"] = []string{"m"}, []string{"o"}, []string{"e"}
	if diff := cmp.Diff(want, trustpolicy.RequestFor("aws", "111122223333", view).Keys); diff != "" {
		t.Errorf("all keys (-want +got):\n%s", diff)
	}
}

// TestStatementsAreNumbered as people count them.
func TestStatementsAreNumbered(t *testing.T) {
	t.Parallel()
	statement := around("Allow", conditionOn("StringEquals", "sub", "x"))
	p, err := trustpolicy.Parse([]byte(`{"Statement":[` + statement + `,` + statement + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range p.Evaluate(trustpolicy.Request{}).Statements {
		if s.Number != i+1 {
			t.Errorf("statement %d has the number %d", i+1, s.Number)
		}
	}
}

func TestDenyOutweighsAllow(t *testing.T) {
	t.Parallel()
	allow := around("Allow", conditionOn("StringEquals", "sub", "sc://o/p/c"))
	deny := around("Deny", conditionOn("StringLike", "sub", "sc://o/*"))
	if decideFor(t, `{"Statement":[`+allow+`,`+deny+`]}`, "sc://o/p/c") {
		t.Error("the Deny was passed over")
	}
}

// TestWhatTheTokenDoesNotSay counts against the request, in an Allow and in a Deny.
func TestWhatTheTokenDoesNotSay(t *testing.T) {
	t.Parallel()
	sub := conditionOn("StringEquals", "sub", "sc://o/p/c")
	allow := around("Allow", sub)
	for condition, want := range map[string]bool{
		`"StringLike":{"sts:RoleSessionName":"*"}`:       true,
		`"StringLike":{"sts:RoleSessionName":"x-*"}`:     false,
		`"StringLike":{"aws:RequestedRegion":"x"}`:       false,
		`"Null":{"aws:SourceIp":"false"}`:                false,
		`"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}`: false,
	} {
		if got := decideFor(t, `{"Statement":`+around("Allow", sub+","+condition)+`}`, "sc://o/p/c"); got != want {
			t.Errorf("Allow with %s: %v", condition, got)
		}
		deny := `{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{` + condition + `}}`
		if decideFor(t, `{"Statement":[`+allow+`,`+deny+`]}`, "sc://o/p/c") {
			t.Errorf("the Deny with %s was passed over", condition)
		}
	}
}

func TestLintFindsWhatAdmitsStrangers(t *testing.T) {
	t.Parallel()
	aud, sub := conditionOn("StringEquals", "aud", "api://AzureADTokenExchange"), `"StringLike":{"vstoken.dev.azure.com/`+orgID+`:sub":%q}`
	for name, conditions := range map[string]string{
		"no sub": aud, "no aud": conditionOn("StringEquals", "sub", "sc://o/p/c"),
		"wildcard":   aud + "," + fmt.Sprintf(sub, "sc://o/*"),
		"IfExists":   aud + "," + conditionOn("StringEqualsIfExists", "sub", "sc://o/p/c"),
		"custom key": aud + "," + fmt.Sprintf(sub, "sc://o/p/c") + "," + conditionOn("StringNotEquals", "rpo_ref", "x"),
	} {
		p, err := trustpolicy.Parse([]byte(`{"Statement":` + around("Allow", conditions) + `}`))
		if err != nil {
			t.Fatal(name, err)
		}
		isError := func(f trustpolicy.Finding) bool { return f.Level == trustpolicy.Error }
		if !slices.ContainsFunc(p.Lint(), isError) {
			t.Errorf("%s: no error is found", name)
		}
	}
}

// What only AWS can resolve must not make the answer yes.
func TestPolicyVariablesCountAgainstTheRequest(t *testing.T) {
	t.Parallel()
	const variable, other = "${aws:PrincipalTag/x}", "sc://o/p/c"
	pinned := around("Allow", conditionOn("StringEquals", "sub", other))
	for _, tt := range []struct {
		effect, operator string
	}{{"Deny", "StringEquals"}, {"Deny", "StringLike"}, {"Deny", "StringNotEquals"}, {"Allow", "StringEquals"}, {"Allow", "StringNotEquals"}, {"Allow", "StringNotLike"}} {
		statements := around(tt.effect, conditionOn(tt.operator, "sub", variable))
		if tt.effect == "Deny" {
			statements = pinned + "," + statements
		}
		if decideFor(t, `{"Version":"2012-10-17","Statement":[`+statements+`]}`, other) {
			t.Errorf("%s with %s admits", tt.effect, tt.operator)
		}
	}
}
