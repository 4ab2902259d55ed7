package trustpolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// TestLint holds one statement about the sample issuer to each rule; P stands for
// the issuer in condition keys.
func TestLint(t *testing.T) {
	t.Parallel()
	const issuer = "vstoken.dev.azure.com/" + orgID
	for condition, want := range map[string]string{
		`{"StringEquals":{"P:sub":"s"}}`:                                                      "error: no condition on " + issuer + ":aud",
		`{"StringEquals":{"P:aud":"a"}}`:                                                      "error: no condition on " + issuer + ":sub",
		`{"StringEquals":{"P:aud":"a"},"StringLike":{"P:sub":"*"}}`:                           "error: no condition on " + issuer + ":sub",
		`{"StringEquals":{"P:aud":"a"},"StringNotEquals":{"P:sub":"s"}}`:                      "error: no condition on " + issuer + ":sub",
		`{"StringEquals":{"P:aud":"a"},"StringLike":{"P:sub":"sc://contoso-eng/payments/*"}}`: `error: the subject "sc://contoso-eng/payments/*" admits every connection`,
		`{"StringEquals":{"P:aud":"a"},"StringLike":{"P:sub":"sc://contoso-eng/*"}}`:          `error: the subject "sc://contoso-eng/*" admits strangers`,
		`{"StringEquals":{"P:aud":"a"},"ForAllValues:StringEquals":{"P:sub":"s"}}`:            "error: ForAllValues:StringEquals on",
		`{"StringEquals":{"P:aud":"a"},"StringEqualsIfExists":{"P:sub":"s"}}`:                 "error: StringEqualsIfExists on",
		`{"StringEquals":{"P:aud":"a"},"StringEqualsIgnoreCase":{"P:sub":"s"}}`:               "warning: StringEqualsIgnoreCase",
		`{"StringEquals":{"P:aud":"a","P:sub":"s","P:rpo_ref":"m"}}`:                          "rpo_ref: AWS fills only",
		`{"StringEquals":{"P:aud":"a","P:sub":"s","vstoken.dev.azure.com:sub":"m"}}`:          "the key is not of the provider",
		`{"StringEquals":{"P:aud":"a","P:sub":"s","P/:sub":"m"}}`:                             "differs from the provider",
		`{"StringEquals":{"P:aud":"a","P:sub":"sc://*"}}`:                                     `warning: StringEquals compares "sc://*" literally`,
		`{"StringEquals":{"P:aud":"a","P:sub":"s"}}`:                                          "info: Microsoft has announced",
		`{"StringLike":{"P:aud":"*E*"},"StringEquals":{"P:sub":"s"}}`:                         `error: the audience "*E*" is a pattern`,
	} {
		document := fmt.Sprintf(`{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":"sts:*","Condition":%s}}`,
			account, issuer, strings.NewReplacer(`"P:`, `"`+issuer+`:`, `"P/:`, `"`+issuer+`/:`).Replace(condition))
		p, err := trustpolicy.Parse([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		for _, f := range p.Lint() {
			fmt.Fprintf(&said, "%s: %s\n", f.Level, f.Text)
		}
		if !strings.Contains(said.String(), want) {
			t.Errorf("%s: no %q in\n%s", condition, want, said.String())
		}
	}
}

// TestLintForm holds whole documents to what IAM refuses.
func TestLintForm(t *testing.T) {
	t.Parallel()
	const statement = `{"Sid":%q,"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":%q}`
	one := fmt.Sprintf(statement, "A1", "sts:AssumeRole")
	for document, want := range map[string]string{
		`{"Version":"2012-10-18","Statement":` + one + `}`:               `error: 0: the Version "2012-10-18"`,
		`{"Version":"2012-10-17","Statement":[` + one + `,` + one + `]}`: `error: 2: the Sid "A1" stands twice`,

		`{"Version":"2012-10-17","Statement":` + fmt.Sprintf(statement, "two words", "sts:AssumeRole") + `}`: `error: 1: the Sid "two words" holds`,
		`{"Version":"2012-10-17","Statement":` + fmt.Sprintf(statement, "A", "s3:GetObject") + `}`:           "error: 1: the action s3:GetObject",
		`{"Version":"2012-10-17","Statement":` + one + `}`:                                                   "",
		`{"Statement":` + one + `}`: "",
	} {
		p, err := trustpolicy.Parse([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		for _, f := range p.Lint() {
			fmt.Fprintf(&said, "%s: %d: %s\n", f.Level, f.Statement, f.Text)
		}
		if !strings.HasPrefix(said.String(), want) || want == "" && said.Len() > 0 {
			t.Errorf("%s: no %q in\n%s", document, want, said.String())
		}
	}
}
