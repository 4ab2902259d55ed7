package trustpolicy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

const (
	account = "111122223333"
	orgID   = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
)

func spec(org, project, connection string) trustpolicy.Spec {
	return trustpolicy.Spec{
		Identity: trustpolicy.ServiceConnection, Account: account, Partition: "aws",
		Org: org, OrgID: orgID, Project: project, Connection: connection,
	}
}

func view(subject string) idtoken.AWSView {
	return idtoken.AWSView{Provider: "vstoken.dev.azure.com/" + orgID, Audience: idtoken.TokenExchangeAudience, Subject: subject}
}

func decide(t interface{ Fatal(...any) }, document, account string, v idtoken.AWSView) bool {
	p, err := trustpolicy.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p.Evaluate(trustpolicy.RequestFor(account, "aws", v)).Allowed
}

func TestGeneratedPolicyAdmitsItsIdentityAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9 '"%{}$é.-]{0,12}[a-z]`).
			Filter(func(s string) bool { return !strings.Contains(s, "${") })
		org, project, connection := name.Draw(t, "org"), name.Draw(t, "project"), name.Draw(t, "connection")
		g, err := trustpolicy.Generate(spec(org, project, connection))
		if err != nil {
			t.Fatal(err)
		}
		right := view("sc://" + org + "/" + project + "/" + connection)
		if !decide(t, g.Document, account, right) {
			t.Fatal("the identity is not admitted")
		}
		for _, change := range []func(*idtoken.AWSView){
			func(v *idtoken.AWSView) { v.Subject += "x" },
			func(v *idtoken.AWSView) { v.Subject = "p" + v.Subject[1:] },
			func(v *idtoken.AWSView) { v.Subject = v.Subject[:len(v.Subject)-1] + strings.ToUpper(v.Subject[len(v.Subject)-1:]) },
			func(v *idtoken.AWSView) { v.Subject = "*" },
			func(v *idtoken.AWSView) { v.Audience = "sts.amazonaws.com" },
			func(v *idtoken.AWSView) { v.Audience = "" },
			func(v *idtoken.AWSView) { v.Provider += "/" },
		} {
			wrong := right
			change(&wrong)
			if decide(t, g.Document, account, wrong) {
				t.Fatalf("a stranger is admitted: %+v", wrong)
			}
		}
		if decide(t, g.Document, "999999999999", right) {
			t.Fatal("the provider of another account is admitted")
		}
	})
}

func TestEveryFormatCarriesTheSamePolicy(t *testing.T) {
	t.Parallel()
	s := spec("contoso-eng", "it's %{if} \"x\"", "é-prod")
	s.Migrate, s.TenantID, s.ConnectionID = true, "7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587", "b4b5c6d7-0000-4111-8222-333344445555"
	g, err := trustpolicy.Generate(s)
	if err != nil {
		t.Fatal(err)
	}
	var want, fromHCL any
	must(t, json.Unmarshal([]byte(g.Document), &want))
	must(t, json.Unmarshal([]byte(roleInHCL(t, g.Format("terraform"))), &fromHCL))
	if d := cmp.Diff(want, fromHCL); d != "" {
		t.Errorf("terraform: %s", d)
	}
	var template struct {
		Resources map[string]struct{ Properties map[string]any }
	}
	must(t, yaml.Unmarshal([]byte(g.Format("cloudformation")), &template))
	if d := cmp.Diff(want, template.Resources["AzurePipelinesRole"].Properties["AssumeRolePolicyDocument"]); d != "" {
		t.Errorf("cloudformation: %s", d)
	}
	if quoted := "'" + strings.ReplaceAll(g.Document, "'", `'\''`) + "'"; !strings.Contains(g.Format("aws-cli"), quoted) {
		t.Error("aws-cli: the policy is not there, quoted for a shell")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func roleInHCL(t *testing.T, text string) string {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(text), "role.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		if block.Labels[0] == "aws_iam_role" {
			value, diags := block.Body.Attributes["assume_role_policy"].Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			return value.AsString()
		}
	}
	t.Fatal("no role")
	return ""
}

func TestGenerateRefusesNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "*", "a?", "${aws:username}", "プロジェクト", "a\nb", "a/b", " a"} {
		if _, err := trustpolicy.Generate(spec("contoso-eng", name, "aws-prod")); err == nil {
			t.Errorf("the project %q was taken", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:*"}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		if p, err := trustpolicy.Parse(document); err == nil {
			_, _ = p.Evaluate(trustpolicy.RequestFor(account, "aws", view("sc://a/b/c"))), p.Lint()
		}
	})
}
