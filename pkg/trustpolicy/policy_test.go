package trustpolicy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

const (
	account = "111122223333"
	orgID   = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
	tenant  = "7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587"
	conn    = "3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954"
	issuer  = "vstoken.dev.azure.com/" + orgID
)

func spec(identity string) trustpolicy.Spec {
	return trustpolicy.Spec{
		Identity: identity, Account: account, Partition: "aws", Org: "contoso-eng", OrgID: orgID, Project: "payments",
		Connection: "aws-prod", ConnectionID: conn, Pipeline: "deploy-infra", TenantID: tenant, TokenVersion: "2",
		ClientID: "91e4b7c0-2f3d-4a58-96bc-d07f5e8a1234", ObjectID: "c2a8f613-7e50-4d9b-8a3c-16b4d9f0e725",
		Audience: "58f2d6a9-0c7e-4b13-a5d4-e91b3c8f6072",
	}
}

func evaluate(t interface{ Fatal(...any) }, document string, v claims.AWSView) bool {
	p, err := trustpolicy.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p.Evaluate(trustpolicy.RequestFor(account, "aws", v)).Allowed
}

func viewOf(s trustpolicy.Spec) claims.AWSView {
	vstoken := func(subject string) claims.AWSView {
		return claims.AWSView{Provider: issuer, Audience: claims.TokenExchangeAudience, Subject: subject}
	}
	entra := "login.microsoftonline.com/" + tenant + "/v2.0"
	switch s.Identity {
	case trustpolicy.Pipeline:
		return vstoken("p://" + s.Org + "/" + s.Project + "/" + s.Pipeline)
	case trustpolicy.EntraConnection:
		subject := "/eid1/c/pub/t/NJocfS5bYE-KkePAttL1hw/a/rISbSSETf0KqFyZ8ppdXmA/sc/" + orgID + "/" + conn
		return claims.AWSView{Provider: entra, Audience: claims.AzureDevOpsClientID, OriginalAudience: claims.TokenExchangeResource, Subject: subject}
	case trustpolicy.EntraExchange:
		if s.TokenVersion == "1" {
			return claims.AWSView{Provider: "sts.windows.net/" + tenant + "/", Audience: s.Audience, Subject: s.ObjectID}
		}
		return claims.AWSView{Provider: entra, Audience: s.ClientID, OriginalAudience: s.Audience, Subject: s.ObjectID}
	}
	return vstoken("sc://" + s.Org + "/" + s.Project + "/" + s.Connection)
}

// name draws what Azure DevOps lets people call things, as far as IAM can hold it.
func name(t *rapid.T, label string) string {
	return rapid.StringMatching(`[A-Za-z0-9à-ÿ][A-Za-z0-9 ._()'"%{}<>&à-ÿ-]{0,20}[A-Za-z0-9à-ÿ]`).
		Filter(func(s string) bool { return !strings.Contains(s, "${") }).Draw(t, label)
}

// TestGeneratedPolicyAdmitsExactlyItsIdentity draws names, and changes one part of
// the identity at a time.
func TestGeneratedPolicyAdmitsExactlyItsIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := spec(rapid.SampledFrom([]string{
			trustpolicy.ServiceConnection, trustpolicy.Pipeline, trustpolicy.EntraConnection, trustpolicy.EntraExchange,
		}).Draw(t, "identity"))
		s.Project, s.Connection, s.Pipeline = name(t, "project"), name(t, "connection"), name(t, "pipeline")
		if s.TokenVersion = rapid.SampledFrom([]string{"1", "2"}).Draw(t, "version"); s.TokenVersion == "1" {
			s.Audience = "api://aws-sts-federation"
		}
		g, err := trustpolicy.Generate(s)
		if err != nil {
			t.Fatal(err)
		}
		view := viewOf(s)
		if !evaluate(t, g.Document, view) {
			t.Fatalf("the policy does not admit its own identity\n%s\n%+v", g.Document, view)
		}
		for _, changed := range mutations(t, view) {
			if evaluate(t, g.Document, changed) {
				t.Fatalf("the policy admits a stranger: %+v", changed)
			}
		}
	})
}

// mutations are the view with one value changed: another case, one character more,
// a wildcard, nothing.
func mutations(t *rapid.T, v claims.AWSView) []claims.AWSView {
	var out []claims.AWSView
	for _, field := range []func(*claims.AWSView) *string{
		func(v *claims.AWSView) *string { return &v.Provider },
		func(v *claims.AWSView) *string { return &v.Audience },
		func(v *claims.AWSView) *string { return &v.OriginalAudience },
		func(v *claims.AWSView) *string { return &v.Subject },
	} {
		original := *field(&v)
		if original == "" {
			continue
		}
		at := rapid.IntRange(0, len(original)-1).Draw(t, "at")
		for _, other := range []string{strings.ToUpper(original), original + "x", original[:at] + "*" + original[at+1:], original[:at] + original[at+1:], ""} {
			if other == original {
				continue
			}
			changed := v
			*field(&changed) = other
			out = append(out, changed)
		}
	}
	return out
}

// TestFormatsCarryOnePolicy parses every form with a real parser and compares the
// policy in it with the JSON one.
func TestFormatsCarryOnePolicy(t *testing.T) {
	t.Parallel()
	for _, identity := range []string{trustpolicy.ServiceConnection, trustpolicy.Pipeline, trustpolicy.EntraConnection, trustpolicy.EntraExchange} {
		for _, migrate := range []bool{false, true} {
			if migrate && identity == trustpolicy.Pipeline {
				continue
			}
			s := spec(identity)
			s.Migrate, s.Project = migrate, `100%{x} <pay's "ments">`
			g, err := trustpolicy.Generate(s)
			if err != nil {
				t.Fatal(err)
			}
			want := decode(t, g.Document)
			if diff := cmp.Diff(want, decode(t, terraformPolicy(t, g.Format("terraform")))); diff != "" {
				t.Errorf("%s: terraform (-json +terraform):\n%s", identity, diff)
			}
			if diff := cmp.Diff(want, cloudFormationPolicy(t, g.Format("cloudformation"))); diff != "" {
				t.Errorf("%s: cloudformation (-json +cloudformation):\n%s", identity, diff)
			}
			if statements := len(want.(map[string]any)["Statement"].([]any)); migrate != (statements == 2) || statements != len(g.Providers) {
				t.Errorf("%s, migrate %v: %d statements, %d providers", identity, migrate, statements, len(g.Providers))
			}
			if g.Length > trustpolicy.MaxLength || g.Length < 300 {
				t.Errorf("length %d", g.Length)
			}
		}
	}
}

func decode(t *testing.T, document string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return v
}

func terraformPolicy(t *testing.T, source string) string {
	t.Helper()
	file, diags := hclparse.NewParser().ParseHCL([]byte(source), "role.tf")
	if diags.HasErrors() {
		t.Fatal(diags, source)
	}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		attribute, ok := block.Body.Attributes["assume_role_policy"]
		if !ok {
			continue
		}
		value, diags := attribute.Expr.Value(&hcl.EvalContext{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return value.AsString()
	}
	t.Fatal("no role")
	return ""
}

func cloudFormationPolicy(t *testing.T, source string) any {
	t.Helper()
	var generic map[string]map[string]map[string]any
	if err := yaml.Unmarshal([]byte(source), &generic); err != nil {
		t.Fatal(err, source)
	}
	properties, ok := generic["Resources"]["AzurePipelinesRole"]["Properties"].(map[string]any)
	if !ok {
		t.Fatal("no role")
	}
	data, err := json.Marshal(properties["AssumeRolePolicyDocument"])
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(data))
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*trustpolicy.Spec)
		want   string
	}{
		"wildcard":        {func(s *trustpolicy.Spec) { s.Connection = "aws-*" }, "--connection: wildcards"},
		"question mark":   {func(s *trustpolicy.Spec) { s.Project = "pay?" }, "--project: wildcards"},
		"policy variable": {func(s *trustpolicy.Spec) { s.Connection = "${aws:username}" }, "--connection: IAM would read"},
		"non-Latin":       {func(s *trustpolicy.Spec) { s.Project = "支付" }, "--project: IAM policies hold only"},
		"slash":           {func(s *trustpolicy.Spec) { s.Org = "a/b" }, "--org: a name has no slash"},
		"empty":           {func(s *trustpolicy.Spec) { s.Org = "" }, "--org: a value"},
		"org name for id": {func(s *trustpolicy.Spec) { s.OrgID = "contoso" }, "--org-id: a GUID"},
		"account":         {func(s *trustpolicy.Spec) { s.Account = "123" }, "--account: 12 digits"},
		"partition":       {func(s *trustpolicy.Spec) { s.Partition = "aws-iso" }, "--partition:"},
		"identity":        {func(s *trustpolicy.Spec) { s.Identity = "role" }, "--identity: one of"},
		"version":         {func(s *trustpolicy.Spec) { s.Identity, s.TokenVersion = trustpolicy.EntraExchange, "3" }, "--token-version:"},
		"shared audience": {func(s *trustpolicy.Spec) {
			s.Identity, s.Audience = trustpolicy.EntraExchange, "api://azureadtokenexchange"
		}, "--audience: this audience is not of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := spec(trustpolicy.ServiceConnection)
			c.change(&s)
			_, err := trustpolicy.Generate(s)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	_, err := trustpolicy.Generate(trustpolicy.Spec{Identity: trustpolicy.ServiceConnection})
	if n := strings.Count(err.Error(), "\n") + 1; n != 6 {
		t.Errorf("%d problems at once, want 6: %v", n, err)
	}
}

func TestExplainAdmits(t *testing.T) {
	t.Parallel()
	c := claims.UnverifiedClaims{Issuer: "https://tokens.example/unknown", Subject: "new-form", Audience: []string{"a"}}
	x := trustpolicy.Explain(c, account, "aws", trustpolicy.NotAllowed)
	if !evaluate(t, `{"Version":"2012-10-17","Statement":`+x.Statement+`}`, c.AWS()) {
		t.Error("the statement does not admit the identity it was made for")
	}
	if x.ProviderURL != c.Issuer || x.ClientID != "a" || len(x.Differences) == 0 {
		t.Errorf("%+v", x)
	}
}

// TestExplainFollowsTheRefusal wants the differences to be about what AWS said, and a
// statement that IAM cannot hold to be called that.
func TestExplainFollowsTheRefusal(t *testing.T) {
	t.Parallel()
	c := claims.UnverifiedClaims{Issuer: "https://vstoken.dev.azure.com/x", Subject: "sc://контосо/p/c", Audience: []string{"a"}}
	for refusal, first := range map[trustpolicy.Refusal]string{
		trustpolicy.NotAllowed:    "The :sub condition",
		trustpolicy.NoProvider:    "Account 111122223333 has no identity provider with the URL https://vstoken.dev.azure.com/x",
		trustpolicy.WrongAudience: "The provider's list of client ids lacks a",
		trustpolicy.BadToken:      "The clocks",
	} {
		x := trustpolicy.Explain(c, "111122223333", "aws", refusal)
		if len(x.Differences) == 0 || !strings.HasPrefix(x.Differences[0], first) {
			t.Errorf("%d: %q", refusal, x.Differences)
		}
		if !strings.Contains(x.Unusable, "U+00FF") {
			t.Errorf("a statement with Cyrillic letters passes: %q", x.Unusable)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const good = `"Effect":"Allow","Principal":{"Federated":"p"},"Action":"sts:AssumeRoleWithWebIdentity"`
	for name, document := range map[string]string{
		"empty":                ``,
		"array":                `[]`,
		"two documents":        `{"Statement":{` + good + `}}{}`,
		"no statement":         `{"Version":"2012-10-17"}`,
		"empty statement":      `{"Statement":[]}`,
		"name twice":           `{"Statement":{` + good + `,"Effect":"Deny"}}`,
		"unknown element":      `{"Statement":{` + good + `,"Resource":"*"}}`,
		"effect in lower case": `{"Statement":{"Effect":"allow","Principal":"*","Action":"*"}}`,
		"no principal":         `{"Statement":{"Effect":"Allow","Action":"*"}}`,
		"two actions":          `{"Statement":{` + good + `,"NotAction":"x"}}`,
		"principal text":       `{"Statement":{"Effect":"Allow","Principal":"me","Action":"*"}}`,
		"condition list":       `{"Statement":{` + good + `,"Condition":[]}}`,
		"nested value":         `{"Statement":{` + good + `,"Condition":{"StringEquals":{"k":{"v":1}}}}}`,
	} {
		if _, err := trustpolicy.Parse([]byte(document)); !errors.Is(err, trustpolicy.ErrPolicy) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	g, err := trustpolicy.Generate(spec(trustpolicy.ServiceConnection))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(g.Document)
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["*"]},"NotAction":["a*"],"Condition":{"ForAllValues:StringLikeIfExists":{"a":[1,true,"?*"]}}}}`)
	view := viewOf(spec(trustpolicy.ServiceConnection))
	f.Fuzz(func(t *testing.T, document string) {
		p, err := trustpolicy.Parse([]byte(document))
		if err != nil {
			return
		}
		p.Lint()
		d := p.Evaluate(trustpolicy.RequestFor(account, "aws", view))
		applies := false
		for _, s := range d.Statements {
			applies = applies || s.Applies && s.Effect == "Allow"
		}
		if d.Allowed && !applies {
			t.Error("allowed without a statement that applies")
		}
	})
}
