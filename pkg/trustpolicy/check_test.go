package trustpolicy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// check checks a document of these statements, in which P and E are issuers.
func check(t *testing.T, identity claims.UnverifiedClaims, statements ...string) trustpolicy.Verdict {
	t.Helper()
	p, err := trustpolicy.Parse([]byte(short.Replace(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)))
	if err != nil {
		t.Fatal(err)
	}
	return trustpolicy.Check(p, identity)
}

const (
	pinned  = `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/P"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"P:aud":"api://AzureADTokenExchange","P:sub":"sc://contoso-eng/payments/aws-prod"}}}`
	foreign = `{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole"}`
	anybody = `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`
)

// TestVerdict: the line says ADMITTED when the policy passes, and only then.
func TestVerdict(t *testing.T) {
	t.Parallel()
	const kind = "service connection, Azure DevOps issuer"
	other := identities[0]
	other.Subject += "2"
	several := identities[0]
	several.Audience = []string{claims.TokenExchangeAudience, "another"}
	for name, c := range map[string]struct {
		identity   claims.UnverifiedClaims
		statements []string
		line       string
		allowed    bool
	}{
		"admitted":            {identities[0], []string{pinned}, "ADMITTED: " + kind, true},
		"with a warning":      {identities[0], []string{pinned, foreign}, "ADMITTED: " + kind, true},
		"with an error":       {identities[0], []string{pinned, anybody}, "FAILED: the policy has 1 error; this identity is admitted: " + kind, true},
		"with errors":         {identities[0], []string{anybody, pinned, anybody}, "FAILED: the policy has 2 errors; this identity is admitted: " + kind, true},
		"another":             {other, []string{pinned}, "NOT ADMITTED: " + kind, false},
		"another, and errors": {other, []string{pinned, anybody}, "NOT ADMITTED: " + kind + "; the policy also has 1 error", false},
		"several audiences":   {several, []string{pinned}, "NOT ADMITTED: " + kind, false},
		"both":                {several, []string{pinned, anybody}, "NOT ADMITTED: " + kind + "; the policy also has 1 error", false},
	} {
		v := check(t, c.identity, c.statements...)
		if v.Line != c.line {
			t.Errorf("%s: line %q, want %q", name, v.Line, c.line)
		}
		if v.Allowed != c.allowed || v.Decision.Allowed != c.allowed {
			t.Errorf("%s: allowed %v and %v, want %v", name, v.Allowed, v.Decision.Allowed, c.allowed)
		}
		if v.Passes != strings.HasPrefix(v.Line, "ADMITTED") {
			t.Errorf("%s: passes %v", name, v.Passes)
		}
	}
}

// TestAccountOfTheRole: a provider admits nobody to a role of another account, and which
// account that is the text around the policy tells, or else what it admits.
func TestAccountOfTheRole(t *testing.T) {
	t.Parallel()
	elsewhere := strings.ReplaceAll(pinned, "111122223333", "999999999999")
	provider := func(account string) string {
		return `"Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/P"}`
	}
	const stranger = `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::999999999999:oidc-provider/ci.example"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"ci.example:aud":"a","ci.example:sub":"s"}}}`
	text := func(statements ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	ofRole := func(key, arn, policy string) string {
		return `{"Role":{"` + key + `":"` + arn + `","AssumeRolePolicyDocument":` + policy + `}}`
	}
	const here, there = "arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::999999999999:role/deploy"
	for name, tt := range map[string]struct {
		text     string
		admitted bool
		account  string // of which a finding says that it is wrong
	}{
		"the role's own":            {ofRole("Arn", here, text(pinned)), true, ""},
		"another than the role's":   {ofRole("Arn", here, text(elsewhere)), false, "in account 999999999999, the role in 111122223333"},
		"of Terraform":              {`{"values":{"arn":"` + here + `","assume_role_policy":` + quote(text(elsewhere)) + `}}`, false, "in account 999999999999, the role in 111122223333"},
		"both accounts":             {ofRole("Arn", here, text(elsewhere, pinned)), true, "in account 999999999999, the role in 111122223333"},
		"no role":                   {text(elsewhere), true, ""},
		"no role, two accounts":     {text(elsewhere, pinned), true, "in account 111122223333, another one in 999999999999"},
		"a role without a policy":   {`{"Arn":"` + there + `","x":` + ofRole("x", there, text(pinned)) + `}`, true, ""},
		"two roles of one policy":   {`[` + ofRole("Arn", here, text(elsewhere)) + `,` + ofRole("Arn", there, text(elsewhere)) + `]`, true, ""},
		"one role twice":            {`[` + ofRole("Arn", here, text(elsewhere)) + `,` + ofRole("Arn", here, text(elsewhere)) + `]`, false, "in account 999999999999, the role in 111122223333"},
		"an ARN that is no role's":  {ofRole("Arn", "arn:aws:iam::111122223333:user/x", text(elsewhere)), true, ""},
		"beside one that is denied": {text(`{"Effect":"Deny",`+provider("999999999999")+`,"Action":"sts:TagSession"}`, pinned), true, ""},
		"beside other calls":        {text(`{"Effect":"Allow",`+provider("999999999999")+`,"Action":"sts:TagSession"}`, pinned), true, "in account 999999999999, another one in 111122223333"},
		"beside another issuer":     {text(stranger, pinned), true, "in account 999999999999, another one in 111122223333"},
		"excluded from an Allow":    {text(`{"Effect":"Allow","NotPrincipal":{"Federated":"arn:aws:iam::999999999999:oidc-provider/P"},"Action":"sts:AssumeRoleWithWebIdentity"}`, pinned), true, ""},
		"beside a pattern":          {text(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::999999999999:oidc-provider/*"},"Action":"sts:AssumeRole"}`, stranger), false, ""},
		"denied alone":              {text(stranger, `{"Effect":"Deny",`+provider("111122223333")+`,"Action":"*"}`), false, ""},
	} {
		p, err := trustpolicy.Read([]byte(short.Replace(tt.text)))
		if err != nil {
			t.Errorf("%s: the policy is refused: %v", name, err)
			continue
		}
		v := trustpolicy.Check(p, identities[0])
		if v.Allowed != tt.admitted {
			t.Errorf("%s: admitted %v, want %v", name, v.Allowed, tt.admitted)
		}
		found := slices.ContainsFunc(v.Findings, func(f trustpolicy.Finding) bool {
			return f.Level == trustpolicy.Error && strings.Contains(f.Text, "AWS accepts only providers of the role's own account")
		})
		if found != (tt.account != "") || !strings.Contains(fmt.Sprint(v.Findings), tt.account) {
			t.Errorf("%s: found %v, want an error about %q", name, v.Findings, tt.account)
		}
	}
}

// TestFindingsAreSorted: errors first, whatever their statement; then by statement.
func TestFindingsAreSorted(t *testing.T) {
	t.Parallel()
	v := check(t, identities[0], foreign, pinned, `{"Sid":"a b","Effect":"Deny","Principal":"*","Action":["s3:x","iam:y"]}`, foreign)
	var got []string
	for _, f := range v.Findings {
		text, _, _ := strings.Cut(f.Text, " ")
		got = append(got, string(f.Level)+" "+string(rune('0'+f.Statement))+" "+text)
	}
	want := []string{"error 3 the", "error 3 s3:x", "error 3 iam:y", "warning 1 the", "warning 4 the", "info 2 Microsoft"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	data, err := json.Marshal(check(t, identities[5], `{"Effect":"Deny","Principal":"*","Action":"*"}`))
	if err != nil || !strings.Contains(string(data), `"findings":[]`) {
		t.Errorf("no findings are written as %s, error %v", data, err)
	}
}

// TestOthersAreNamed: what else a policy admits on purpose is said when it admits the
// identity.
func TestOthersAreNamed(t *testing.T) {
	t.Parallel()
	two := strings.Replace(pinned, `"sc://contoso-eng/payments/aws-prod"`, `["sc://contoso-eng/payments/aws-prod","sc://contoso-eng/payments/aws-test"]`, 1)
	elsewhere := strings.ReplaceAll(pinned, `"P:`, `"ci.example:`)
	elsewhere = strings.Replace(elsewhere, "/P\"", `/ci.example"`, 1)
	named := func(identity claims.UnverifiedClaims, statements ...string) (out []string) {
		for _, f := range check(t, identity, statements...).Findings {
			if strings.Contains(f.Text, "another identity") {
				out = append(out, f.Text)
			}
		}
		return out
	}
	if diff := cmp.Diff([]string{`the statement names another identity, too: "sc://contoso-eng/payments/aws-test"`}, named(identities[0], two)); diff != "" {
		t.Errorf("two subjects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`the statement names another identity, too: "sc://contoso-eng/payments/aws-prod"`}, named(identities[0], pinned, elsewhere)); diff != "" {
		t.Errorf("another issuer (-want +got):\n%s", diff)
	}
	if got := named(identities[1], two); got != nil {
		t.Errorf("not admitted, and yet named: %q", got)
	}
}

// TestKeysOfAToken: AWS derives :amr and :email too, and no other key.
func TestKeysOfAToken(t *testing.T) {
	t.Parallel()
	c, err := claims.Parse([]byte(`{"iss":"https://ci.example","sub":"s","aud":"a","amr":["x","y"],"email":"e@example.com","ref":"main"}`))
	if err != nil {
		t.Fatal(err)
	}
	for condition, want := range map[string]bool{
		`"ForAnyValue:StringEquals":{"ci.example:amr":"y"}`:          true,
		`"ForAllValues:StringEquals":{"ci.example:amr":["x","y"]}`:   true,
		`"ForAllValues:StringEquals":{"ci.example:amr":"x"}`:         false,
		`"StringEquals":{"ci.example:email":"e@example.com"}`:        true,
		`"StringEquals":{"ci.example:email":"f@example.com"}`:        false,
		`"StringEquals":{"ci.example:ref":"main"}`:                   false,
		`"Null":{"ci.example:oaud":"true"}`:                          true,
		`"Bool":{"aws:SecureTransport":"true"}`:                      true,
		`"StringLike":{"aws:federatedprovider":"*:oidc-provider/*"}`: true,
	} {
		v := check(t, c, `{"Effect":"Allow","Principal":{"Federated":"arn:aws-cn:iam::222222222222:oidc-provider/ci.example"},"Action":"sts:*","Condition":{`+condition+`}}`)
		if v.Allowed != want {
			t.Errorf("%s is allowed: %v", condition, v.Allowed)
		}
	}
	without, err := claims.Parse([]byte(`{"iss":"https://ci.example","sub":"s","aud":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	v := check(t, without, `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ci.example"},"Action":"sts:*","Condition":{"Null":{"ci.example:amr":"true","ci.example:email":"true"}}}`)
	if !v.Allowed {
		t.Error("a claim that the token lacks is a key of the request")
	}
}

// TestReasons holds every line about a statement to its words.
func TestReasons(t *testing.T) {
	t.Parallel()
	const provider = "arn:aws:iam::111122223333:oidc-provider/P"
	for statement, want := range map[string][]string{
		`"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":["sts:X","sts:*"]`: {
			"ok the principal is " + provider, "ok action sts:X, sts:* covers sts:AssumeRoleWithWebIdentity",
		},
		`"Effect":"Allow","Principal":{"Federated":["a","b"],"AWS":"c"},"Action":"sts:X"`: {
			"no the principal is a, b, c; the token's provider is arn:aws:iam::<account-id>:oidc-provider/P", "no action sts:X does not cover sts:AssumeRoleWithWebIdentity",
		},
		`"Effect":"Allow","NotPrincipal":{"AWS":"c"},"NotAction":"sts:*"`: {
			"no NotPrincipal with Allow is not supported in a trust policy", "no NotAction sts:* covers sts:AssumeRoleWithWebIdentity",
		},
		`"Effect":"Deny","NotPrincipal":{"AWS":"c"},"NotAction":"sts:X"`: {
			"ok NotPrincipal does not name arn:aws:iam::<account-id>:oidc-provider/P", "ok NotAction sts:X does not cover sts:AssumeRoleWithWebIdentity",
		},
		`"Effect":"Deny","NotPrincipal":{"Federated":"` + provider + `"},"Action":"*"`: {
			"no NotPrincipal names " + provider, "ok action * covers sts:AssumeRoleWithWebIdentity",
		},
		`"Effect":"Deny","Principal":"*","Action":"*","Condition":{"StringEquals":{"P:sub":["a","ü"]}}`: {
			`ok the principal is "*"`, "ok action * covers sts:AssumeRoleWithWebIdentity",
			`no StringEquals P:sub: expected "a" or "ü", got "sc://contoso-eng/payments/aws-prod"`,
		},
		`"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringEquals":{"P:email":"\u0430"}}`: {
			`ok the principal is "*"`, "ok action * covers sts:AssumeRoleWithWebIdentity",
			`no StringEquals P:email: expected "\u0430"; the request has no such key`,
		},
		`"Effect":"Allow","Principal":"*","Action":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"StringLike":{"sts:rolesessionname":["x","*"]},"StringMatches":{"P:sub":"s"}}`: {
			`ok the principal is "*"`, "ok action * covers sts:AssumeRoleWithWebIdentity",
			`no IpAddress aws:SourceIp: expected "10.0.0.0/8"; the token does not hold this key, so the condition is treated as not met`,
			`ok StringLike sts:rolesessionname: expected "x" or "*"; every call has a session name`,
			`no StringMatches P:sub: expected "s", got "sc://contoso-eng/payments/aws-prod"; there is no such operator, so the condition is treated as not met`,
		},
		`"Effect":"Deny","Principal":"*","Action":"*","Condition":{"StringEquals":{"sts:RoleSessionName":"*"},"StringLike":{"P:sub":"${P:sub}"},"ArnLike":{"P:aud":"arn:aws:iam::1:x"},"Null":{"P:aud":["true","false"]}}`: {
			`ok the principal is "*"`, "ok action * covers sts:AssumeRoleWithWebIdentity",
			`ok ArnLike P:aud: expected "arn:aws:iam::1:x", got "api://AzureADTokenExchange"; a value is not of the operator's type, so the condition is treated as met`,
			`ok Null P:aud: expected "true" or "false", got "api://AzureADTokenExchange"; Null must have one value, true or false`,
			`ok StringEquals sts:RoleSessionName: expected "*"; the token does not hold this key, so the condition is treated as met`,
			`ok StringLike P:sub: expected "${P:sub}", got "sc://contoso-eng/payments/aws-prod"; a policy variable is not resolved here and is treated as met`,
		},
	} {
		statement = strings.ReplaceAll(strings.ReplaceAll(statement, `"P:`, `"`+issuer+`:`), `/P"`, "/"+issuer+`"`)
		var got []string
		for _, r := range check(t, identities[0], "{"+statement+"}").Decision.Statements[0].Reasons {
			mark := map[bool]string{true: "ok ", false: "no "}[r.Holds]
			got = append(got, mark+strings.ReplaceAll(r.Text, issuer, "P"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", statement, diff)
		}
	}
}
