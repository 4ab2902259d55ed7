package trustpolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

const entra = "login.microsoftonline.com/" + tenant + "/v2.0"

// findings lints a document. The retirement of the issuer is left out: it is about
// no condition.
func findings(t *testing.T, document string) (found []string) {
	t.Helper()
	p, err := trustpolicy.Parse([]byte(document))
	if err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	for _, f := range p.Lint() {
		if !strings.Contains(f.Text, "retirement") {
			found = append(found, fmt.Sprintf("%d %s: %s", f.Statement, f.Level, strings.NewReplacer(issuer, "P", entra, "E").Replace(f.Text)))
		}
	}
	return found
}

// short writes P for the issuer of the organisation, and E for that of the tenant.
var short = strings.NewReplacer(`"P:`, `"`+issuer+`:`, `"P/:`, `"`+issuer+`/:`, `"E:`, `"`+entra+`:`, "/P\"", "/"+issuer+`"`, "/E\"", "/"+entra+`"`)

// TestLintConditions holds the conditions of a statement for one provider to all that
// is found about them: nothing else, and nothing twice.
func TestLintConditions(t *testing.T) {
	t.Parallel()
	const audience = `{"StringEquals":{"P:aud":"a"},`
	for condition, want := range map[string][]string{
		`{"StringEquals":{"P:aud":"a","P:sub":"s"}}`:                              nil,
		`{"StringEquals":{"P:aud":["a","b"],"P:sub":["s","u"]}}`:                  nil,
		`{"StringLike":{"P:aud":"a","P:sub":"s"}}`:                                nil,
		`{"ForAnyValue:StringEquals":{"P:aud":"a","P:sub":"s"}}`:                  nil,
		`{"stringequals":{"P:AUD":"a","P:SUB":"s"}}`:                              nil,
		`{"StringEquals":{"P:aud":"a","P:sub":"s","P:amr":"x","aws:SourceIp":1}}`: nil,
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"StringLike":{"P:sub":"*"}}`:   nil,

		`{"StringEquals":{"P:sub":"s"}}`:                      {"1 error: no condition on P:aud: a token for any audience that the provider lists is admitted"},
		`{"StringEquals":{"P:aud":"a"}}`:                      {"1 error: no condition on P:sub: every identity of this issuer is admitted"},
		audience + `"StringNotEquals":{"P:sub":"s"}}`:         {"1 error: StringNotEquals on P:sub does not name one value; use StringEquals"},
		audience + `"ArnEquals":{"P:sub":"*:*:*:*:*:*"}}`:     {"1 error: ArnEquals on P:sub does not name one value; use StringEquals"},
		audience + `"NumericEquals":{"P:sub":"5"}}`:           {"1 error: NumericEquals on P:sub does not name one value; use StringEquals"},
		audience + `"Bool":{"P:sub":"true"}}`:                 {"1 error: Bool on P:sub does not name one value; use StringEquals"},
		audience + `"Null":{"P:sub":"false"}}`:                {"1 error: Null on P:sub does not name one value; use StringEquals"},
		audience + `"ForAllValues:StringEquals":{"P:sub":1}}`: {"1 error: ForAllValues:StringEquals on P:sub also holds when the key is absent"},
		audience + `"StringEqualsIfExists":{"P:sub":"s"}}`:    {"1 error: StringEqualsIfExists on P:sub also holds when the key is absent"},
		audience + `"StringEqualsIgnoreCase":{"P:sub":"s"}}`:  {"1 error: StringEqualsIgnoreCase on P:sub ignores case, and names that differ only by case can be different identities"},
		audience + `"BinaryEquals":{"P:sub":"cw=="}}`: {
			"1 error: BinaryEquals on P:sub does not name one value; use StringEquals",
		},
		audience + `"StringMatches":{"P:sub":"s"}}`:                   {"1 error: there is no condition operator StringMatches"},
		audience + `"NullIfExists":{"P:sub":"true"}}`:                 {"1 error: there is no condition operator NullIfExists"},
		audience + `"ForAnyValue:Null":{"P:sub":true}}`:               {"1 error: there is no condition operator ForAnyValue:Null"},
		`{"StringLike":{"P:aud":"*E*"},"StringEquals":{"P:sub":"s"}}`: {`1 error: the audience pattern "*E*" matches audiences you do not control; use StringEquals with one client ID`},
		audience + `"StringEqualsIgnoreCase":{"P:sub":"x*"}}`: {
			`1 warning: StringEqualsIgnoreCase compares "x*" literally; a wildcard needs StringLike`,
			"1 error: StringEqualsIgnoreCase on P:sub ignores case, and names that differ only by case can be different identities",
		},
		`{"StringEquals":{"P:aud":"a","P:sub":["sc://o/p/?","s"]}}`: {`1 warning: StringEquals compares "sc://o/p/?" literally; a wildcard needs StringLike`},

		audience + `"StringLike":{"P:sub":"*"}}`:                        {`1 error: the subject pattern "*" matches identities you do not control: * also matches "/"`},
		audience + `"StringLike":{"P:sub":"sc://o/*"}}`:                 {`1 error: the subject pattern "sc://o/*" matches identities you do not control: * also matches "/"`},
		audience + `"StringLike":{"P:sub":["s","sc://o/p?/c"]}}`:        {`1 error: the subject pattern "sc://o/p?/c" matches identities you do not control: ? also matches "/"`},
		audience + `"StringLike":{"P:sub":"sc://o/p/*"}}`:               {`1 error: the subject pattern "sc://o/p/*" also matches connections that anybody adds to the project`},
		audience + `"StringLike":{"P:sub":"p://o/p/build-?"}}`:          {`1 error: the subject pattern "p://o/p/build-?" also matches pipelines that anybody adds to the project`},
		audience + `"StringLike":{"P:sub":"/eid1/c/a/t/b/a/c/sc/o/*"}}`: {`1 error: the subject pattern "/eid1/c/a/t/b/a/c/sc/o/*" matches every service connection of the organisation`},
		audience + `"StringLike":{"P:sub":"/eid1/c/pub/t/*"}}`:          {`1 error: the subject pattern "/eid1/c/pub/t/*" matches identities you do not control: * also matches "/"`},

		audience + `"StringLike":{"P:sub":"${P:sub}"}}`: {"1 error: StringLike on P:sub contains a policy variable, which can stand for the token's own value"},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"StringLike":{"P:oaud":"${aws:x, 'y'}"}}`: {
			"1 error: StringLike on P:oaud contains a policy variable, which can stand for the token's own value",
		},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"Null":{"P:sub":["true","false"]}}`: {"1 error: Null on P:sub must have one value, true or false"},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"Null":{"P:oaud":"yes"}}`:           {"1 error: Null on P:oaud must have one value, true or false"},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"Null":{"P:oaud":true}}`:            nil,
		`{"StringEquals":{"P:aud":"a","P:sub":"s","P:SUB":"u"}}`:                       {"1 error: StringEquals on P:sub occurs twice, in different case"},
		`{"StringEquals":{"VSTOKEN.dev.azure.com/` + orgID + `:aud":"a","P:sub":"s"}}`: nil,

		`{"StringEquals":{"P:aud":"a","P:rpo_ref":"m"}}`:                      {"1 error: the statement never applies to a token of P: AWS fills only aud, oaud, sub, amr, email from it, not P:rpo_ref"},
		`{"StringEquals":{"P/:aud":"a","P/:sub":"m"}}`:                        {"1 error: the statement never applies to a token of P: P/:aud, P/:sub differs from the provider by a slash"},
		`{"StringEquals":{"E:aud":"a","E:sub":"m"}}`:                          {"1 error: the statement never applies to a token of P: E:aud, E:sub belongs to another provider"},
		`{"StringEquals":{"https://` + issuer + `:aud":"a","P:sub":"m"}}`:     {"1 error: the statement never applies to a token of P: https://P:aud must begin with the provider, without https://"},
		`{"StringLike":{"nonsense":"*"}}`:                                     {"1 error: the statement never applies to a token of P: nonsense belongs to another provider"},
		`{"Null":{"P:sub":"true"}}`:                                           {"1 error: the statement never applies: every token has the key P:sub"},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"Null":{"P:tid":"true"}}`:  {"1 error: Null on P:tid restricts nothing: AWS does not fill this key from a token of this provider"},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"Null":{"P:tid":"false"}}`: {"1 error: the statement never applies to a token of P: AWS fills only aud, oaud, sub, amr, email from it, not P:tid"},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"StringNotEquals":{"P:def_id":"4"}}`: {
			"1 error: StringNotEquals on P:def_id restricts nothing: AWS does not fill this key from a token of this provider",
		},
		`{"StringEquals":{"P:aud":"a","P:sub":"s"},"StringEqualsIfExists":{"P:rpo_ref":"m"}}`: {
			"1 error: StringEqualsIfExists on P:rpo_ref restricts nothing: AWS does not fill this key from a token of this provider",
		},
	} {
		document := `{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"Action":"sts:*","Condition":` + condition + `}}`
		if diff := cmp.Diff(want, findings(t, short.Replace(document))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", condition, diff)
		}
	}
}

// TestLintStatements holds the principal and the action of a statement beside a good one
// to all that is found about them.
func TestLintStatements(t *testing.T) {
	t.Parallel()
	const good = `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"P:aud":"a","P:sub":"s"}}}`
	const web = `"Action":"sts:AssumeRoleWithWebIdentity"`
	for statement, want := range map[string][]string{
		`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"`:                                                                                 {`2 error: the principal is "*"; name the identity provider`},
		`"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:TagSession"`:                                                                         {`2 error: the principal is "*"; name the identity provider`},
		`"Effect":"Allow","Principal":{"AWS":["111122223333","*"]},"Action":"sts:AssumeRole"`:                                                        {`2 error: the principal is "*"; name the identity provider`},
		`"Effect":"Allow","Principal":{"Federated":"*"},"Action":"sts:AssumeRoleWithSAML"`:                                                           {`2 error: the principal is "*"; name the identity provider`},
		`"Effect":"Allow","Principal":{"Service":"*"},"Action":"sts:AssumeRole"`:                                                                     {`2 error: the principal is "*"; name the identity provider`},
		`"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"`:                                                           {"2 error: NotPrincipal with Allow admits everybody it does not name"},
		`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::*:root"},"Action":"sts:AssumeRole"`:                                                       {"2 error: the principal arn:aws:iam::*:root contains a wildcard; name one principal"},
		`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"`:                                            {"2 warning: the AWS principal arn:aws:iam::999999999999:root is admitted, too"},
		`"Effect":"Allow","Principal":{"CanonicalUser":"79a5"},"Action":"sts:AssumeRole"`:                                                            {"2 warning: the AWS principal 79a5 is admitted, too"},
		`"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","x"]},"Action":"sts:AssumeRole"`:                                               {"2 warning: the AWS service ec2.amazonaws.com is admitted, too", "2 warning: the AWS service x is admitted, too"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/AD"},"Action":"sts:*"`:                                   {"2 warning: users of the SAML provider arn:aws:iam::111122223333:saml-provider/AD may be admitted, too"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/*"},` + web:                                              {"2 error: the principal arn:aws:iam::111122223333:oidc-provider/* contains a wildcard; name one principal"},
		`"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},` + web:                                                                    {"2 error: the principal accounts.google.com is not the ARN of an OIDC provider"},
		`"Effect":"Allow","Principal":{"Federated":"${aws_iam_openid_connect_provider.x.arn}"},` + web:                                               {"2 error: the principal ${aws_iam_openid_connect_provider.x.arn} is a template's expression; replace it with the provider's ARN"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::1:oidc-provider/x"},` + web:                                                         {"2 error: the principal arn:aws:iam::1:oidc-provider/x is not the ARN of an OIDC provider"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"Action":"*"`:                                        {"2 error: no condition on P:aud: a token for any audience that the provider lists is admitted", "2 error: no condition on P:sub: every identity of this issuer is admitted"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"NotAction":"sts:x"`:                                 {"2 error: no condition on P:aud: a token for any audience that the provider lists is admitted", "2 error: no condition on P:sub: every identity of this issuer is admitted"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"Action":"sts:other"`:                                {"2 warning: sts:other is not an action that AWS documents for trust policies; IAM may refuse it", "2 error: no condition on P:aud: a token for any audience that the provider lists is admitted", "2 error: no condition on P:sub: every identity of this issuer is admitted"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"Action":["STS:setSourceIdentity","sts:TagSession"]`: {"2 warning: the statement never applies to a token of P, which is used with sts:AssumeRoleWithWebIdentity"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"Action":["sts:AssumeRole","sts:TagSession"]`:        {"2 error: no condition on P:aud: a token for any audience that the provider lists is admitted", "2 error: no condition on P:sub: every identity of this issuer is admitted"},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/E"},` + web + `,"Condition":{"StringEquals":{"E:aud":"a","E:sub":"s"}}`: {
			"2 error: no condition on E:oaud: a token that the identity sent to another service is admitted",
		},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/E"},` + web + `,"Condition":{"StringEquals":{"E:aud":"a","E:sub":"s","E:oaud":"o"}}`: nil,
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/vstoken.dev.azure.com"},` + web: {
			"2 error: the provider vstoken.dev.azure.com never matches a token: the issuer is vstoken.dev.azure.com/<organisation ID>, with the ID in lower case and without a trailing slash",
		},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/login.microsoftonline.com/common/v2.0"},` + web: {
			"2 error: the provider login.microsoftonline.com/common/v2.0 never matches a token: the issuer is login.microsoftonline.com/<tenant ID>/v2.0, with the ID in lower case and without a trailing slash",
		},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/sts.windows.net/` + tenant + `"},` + web: {
			"2 error: the provider sts.windows.net/" + tenant + " never matches a token: the issuer is sts.windows.net/<tenant ID>/, with the ID in lower case and a trailing slash",
		},
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ci.example"},` + web + `,"Condition":{"StringEquals":{"ci.example:aud":"a","ci.example:sub":"s","ci.example:ref":"m"}}`: nil,
		`"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/https://` + issuer + `"},` + web: {
			"2 error: the provider https://P never matches a token: write it without https://",
		},
		`"Effect":"Deny","Principal":"*","Action":"*"`:                  nil,
		`"Effect":"Deny","Principal":"*","NotAction":["sts:X","STS:Y"]`: nil,
		`"Effect":"Deny","Principal":"*","Action":["sts:TagSessions","*","sts:SetContext"]`: {
			"2 warning: sts:TagSessions is not an action that AWS documents for trust policies; IAM may refuse it",
		},
		`"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::1:user/*"},"Action":"sts:*","Condition":{"StringLike":{"P:sub":"*"}}`: {
			"2 error: NotPrincipal is not supported in a trust policy",
		},
		`"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"StringLike":{"P:sub":"${P:sub}"}}`: {
			"2 error: StringLike on P:sub contains a policy variable, which can stand for the token's own value",
		},
		`"Sid":"two words","Effect":"Deny","Principal":"*","Action":"sts:*"`:                  {`2 error: the Sid "two words" must consist of letters and digits`},
		`"Sid":"09AZaz","Effect":"Deny","Principal":"*","Action":["s3:GetObject","Sts:Get*"]`: {"2 error: s3:GetObject is not an STS action"},
	} {
		document := short.Replace(`{"Version":"2012-10-17","Statement":[` + good + `,{` + statement + `}]}`)
		if diff := cmp.Diff(want, findings(t, document)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", statement, diff)
		}
	}
}

// TestLintDocument holds whole documents to what is found about them.
func TestLintDocument(t *testing.T) {
	t.Parallel()
	one := func(sid string) string {
		return `{"Sid":"` + sid + `","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`
	}
	const admitted = "1 info: the AWS principal 111122223333 is admitted, too"
	long := func(n int) string {
		document := `{"Statement":` + one("") + `}`
		return strings.Replace(document, `"Sid":""`, `"Sid":"`+strings.Repeat("x", n-len(document))+`"`, 1)
	}
	for name, c := range map[string]struct {
		document string
		want     []string
	}{
		"version of 2012":   {`{"Version":"2012-10-17","Statement":` + one("A") + `}`, []string{admitted}},
		"version of 2008":   {`{"Version":"2008-10-17","Statement":` + one("A") + `}`, []string{admitted}},
		"no version":        {`{"Statement":` + one("") + `}`, []string{admitted}},
		"another version":   {`{"Version":"2012-10-18","Statement":` + one("A") + `}`, []string{`0 error: invalid Version "2012-10-18"; use 2012-10-17`, admitted}},
		"an empty version":  {`{"Version":"","Statement":` + one("A") + `}`, []string{`0 error: invalid Version ""; use 2012-10-17`, admitted}},
		"duplicate Sid":     {`{"Statement":[` + one("A1") + `,` + one("A1") + `]}`, []string{admitted, `2 error: duplicate Sid "A1"`, "2 info: the AWS principal 111122223333 is admitted, too"}},
		"no Sid twice":      {`{"Statement":[` + one("") + `,` + one("") + `]}`, []string{admitted, "2 info: the AWS principal 111122223333 is admitted, too"}},
		"beyond Latin-1":    {`{"Id":"\u0100","Statement":` + one("A") + `}`, []string{"0 error: IAM does not accept characters beyond U+00FF or control characters", admitted}},
		"control character": {`{"Id":"\u001f","Statement":` + one("A") + `}`, []string{"0 error: IAM does not accept characters beyond U+00FF or control characters", admitted}},
		"last of Latin-1":   {`{"Id":"ÿ\t\n\r ","Statement":` + one("A") + `}`, []string{admitted}},
		"2048 characters":   {long(2048), []string{admitted}},
		"2049 characters":   {long(2049), []string{"0 warning: the policy has 2049 characters without white space; IAM's default quota is 2048", admitted}},
	} {
		if diff := cmp.Diff(c.want, findings(t, c.document)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
