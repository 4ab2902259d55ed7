package setuppage_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// policyFor trusts a subject of the host's issuer.
func policyFor(subject string) string {
	const provider = "vstoken.dev.azure.com/" + orgID
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"Old","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::444455556666:oidc-provider/%s"},`+
		`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"%s:aud":"api://AzureADTokenExchange","%s:sub":%q}}}]}`, provider, provider, provider, subject)
}

func fragment(d setuppage.Denial) string {
	return fragmentOf(setuppage.Link(setuppage.Address{Collection: "https://dev.azure.com/o", Project: "p", Extension: "e.x"}, d))
}

func TestDiagnoseWithoutAnIdentity(t *testing.T) {
	t.Parallel()
	for name, pasted := range map[string]setuppage.Pasted{
		"nothing":          {Host: host},
		"a policy only":    {Policy: policyFor(subject), Host: host},
		"another log":      {Log: "Starting: Build", Fragment: fragment(denial()), Host: host},
		"claims of nobody": {Log: `{"iss":"x"}`, Host: host},
	} {
		if diff := cmp.Diff(setuppage.Diagnosis{}, setuppage.Diagnose(pasted)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDiagnose(t *testing.T) {
	t.Parallel()
	token := claims.FromMap(map[string]any{"iss": issuer, "sub": subject, "aud": claims.TokenExchangeAudience})
	for name, tt := range map[string]struct {
		pasted           setuppage.Pasted
		allowed, verdict bool
		needs            bool
		account, problem string
	}{
		"a link alone":                 {setuppage.Pasted{Fragment: fragment(denial())}, false, false, false, "111122223333", ""},
		"a log":                        {setuppage.Pasted{Log: told, Policy: policyFor("sc://contoso-eng/Payments/aws-prod")}, false, true, false, "111122223333", ""},
		"a log that the policy allows": {setuppage.Pasted{Log: told, Policy: strings.ReplaceAll(policyFor(subject), "444455556666", "111122223333")}, true, true, false, "111122223333", ""},
		"a policy of another account":  {setuppage.Pasted{Log: told, Policy: policyFor(subject)}, false, true, false, "111122223333", ""},
		"a role of another account":    {setuppage.Pasted{Log: told, Policy: `{"Role":{"Arn":"arn:aws:iam::444455556666:role/x","AssumeRolePolicyDocument":` + policyFor(subject) + `}}`}, true, true, false, "111122223333", ""},
		"claims":                       {setuppage.Pasted{Log: `{"iss":"` + issuer + `","sub":"` + subject + `","aud":"api://AzureADTokenExchange"}`, Policy: policyFor(subject)}, true, true, false, "444455556666", ""},
		"no account":                   {setuppage.Pasted{Fragment: fragment(denial().WithoutAccount())}, false, false, true, "", ""},
		"no account but the policy's":  {setuppage.Pasted{Fragment: fragment(denial().WithoutAccount()), Policy: policyFor(subject)}, true, true, false, "444455556666", ""},
		"no account but the user's":    {setuppage.Pasted{Fragment: fragment(denial().WithoutAccount()), Account: "777788889999"}, false, false, true, "777788889999", ""},
		"half an account":              {setuppage.Pasted{Fragment: fragment(denial().WithoutAccount()), Account: "7777"}, false, false, true, "", ""},
		"a policy that is none":        {setuppage.Pasted{Log: told, Policy: "{"}, false, false, false, "111122223333", "not an IAM policy document"},
	} {
		tt.pasted.Host = host
		got := setuppage.Diagnose(tt.pasted)
		if (got.Verdict != nil) != tt.verdict {
			t.Errorf("%s: the verdict is %+v, want one: %v", name, got.Verdict, tt.verdict)
		}
		if got.Verdict != nil && got.Verdict.Allowed != tt.allowed {
			t.Errorf("%s: verdict %+v, want allowed %v", name, got.Verdict, tt.allowed)
		}
		if got.NeedsAccount != tt.needs {
			t.Errorf("%s: needs an account: %v", name, got.NeedsAccount)
		}
		if !strings.Contains(got.Problem, tt.problem) || (got.Problem == "") != (tt.problem == "") {
			t.Errorf("%s: problem %q, want %q", name, got.Problem, tt.problem)
		}
		want := ""
		if tt.account != "" {
			want = trustpolicy.Explain(token, "aws", iam.Account(tt.account), trustpolicy.NotAllowed).Document
		}
		if diff := cmp.Diff(want, got.Document); diff != "" {
			t.Errorf("%s: the policy to paste (-want +got):\n%s", name, diff)
		}
	}
}

// The statement is that of the document.
func TestStatementIsThatOfTheDocument(t *testing.T) {
	t.Parallel()
	got := setuppage.Diagnose(setuppage.Pasted{Log: told, Host: host})
	var document struct{ Statement []any }
	var statement any
	if err := json.Unmarshal([]byte(got.Document), &document); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(got.Statement), &statement); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(document.Statement, []any{statement}); diff != "" {
		t.Errorf("document (-) and statement (+):\n%s", diff)
	}
	if !strings.HasPrefix(got.Statement, "{\n  \"Sid\"") {
		t.Errorf("the statement is not indented for itself:\n%s", got.Statement)
	}
}

// A statement is offered for identities of the host's organisation and for no others,
// whoever names them and whatever else is pasted.
func TestNothingIsOfferedForStrangers(t *testing.T) {
	t.Parallel()
	foreign := denial()
	foreign.Issuer = "https://vstoken.dev.azure.com/" + otherID
	renamed := denial()
	renamed.Subject = "sc://evil/payments/aws-prod"
	unknown := denial()
	unknown.Issuer, unknown.Subject = "https://login.microsoftonline.com/"+tenant+"/v2.0", connection
	for _, d := range []setuppage.Denial{foreign, renamed, unknown} {
		for _, policy := range []string{"", policyFor(subject), policyFor(d.Subject)} {
			for _, p := range []setuppage.Pasted{
				{Fragment: fragment(d)},
				{Log: "https://dev.azure.com/x/_settings/e.x.setup#" + fragment(d)},
				{Log: strings.NewReplacer(issuer, d.Issuer, subject, d.Subject).Replace(told)},
				{Log: fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q}`, d.Issuer, d.Subject, d.Audience)},
			} {
				p.Policy, p.Account, p.Host = policy, "111122223333", host
				got := setuppage.Diagnose(p)
				if got.Owner == nil || got.Owner.Ours {
					t.Fatalf("%+v is taken for the host's own", p)
				}
				if got.Statement+got.Document != "" {
					t.Errorf("%+v: a statement is offered", p)
				}
			}
		}
	}
}

// A role that is not one is shown, and used for nothing.
func TestHostileRole(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"arn:evil:iam::111122223333:role/x", "arn:aws:iam::111122223333:role/x\"", "<img>", "::::", "arn:aws:iam::000000000000:role/x"} {
		d := denial()
		d.Role = role
		got := setuppage.Diagnose(setuppage.Pasted{Fragment: fragment(d), Host: host})
		if !got.NeedsAccount || got.Statement != "" {
			t.Errorf("%q: needs an account %v, statement %q", role, got.NeedsAccount, got.Statement)
		}
	}
}

func address(org string) string {
	return "https://dev.azure.com/" + org + "/payments/_settings/adminservices?resourceId=" + connection
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	role := func(partition, account, name string) setuppage.Recognised {
		var r setuppage.Recognised
		if err := json.Unmarshal(fmt.Appendf(nil, `{"role":{"partition":%q,"account":%q,"role":%q}}`, partition, account, name), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	page := func(org, project string) setuppage.Recognised {
		return setuppage.Recognised{Connection: &setuppage.Connection{Org: org, Project: project, ID: connection}}
	}
	for text, want := range map[string]setuppage.Recognised{
		deploy:              role("aws", "111122223333", "deploy"),
		" " + deploy + "\n": role("aws", "111122223333", "deploy"),
		"arn:aws-us-gov:iam::111122223333:role/a/b/c": role("aws-us-gov", "111122223333", "a/b/c"),
		address("contoso-eng"):                        page("contoso-eng", "payments"),
		address("contoso-eng") + "&x=1#y":             page("contoso-eng", "payments"),
		strings.ToUpper(connection):                   {},
		"https://contoso-eng.visualstudio.com/S%C3%A3o%20Paulo/_settings/adminservices?_a=x&resourceId=" + strings.ToUpper(connection): page("contoso-eng", "São Paulo"),
		"https://dev.azure.com/contoso-eng/" + orgID + "/_settings/adminservices?resourceId=" + connection:                             page("contoso-eng", ""),
		"https://dev.azure.com.evil.example/contoso-eng/payments/_settings/adminservices?resourceId=" + connection:                     {},
		"http://dev.azure.com/contoso-eng/payments/_settings/adminservices?resourceId=" + connection:                                   {},
		"https://dev.azure.com/contoso-eng/payments/_settings/adminservices?resourceId=" + url.QueryEscape("x"):                        {},
		"https://dev.azure.com/contoso-eng/_settings/adminservices?resourceId=" + connection:                                           {},
		"arn:aws:iam::111122223333:oidc-provider/x":                                                                                    {},
		"111122223333": {},
		"":             {},
	} {
		if diff := cmp.Diff(want, setuppage.Recognise(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
