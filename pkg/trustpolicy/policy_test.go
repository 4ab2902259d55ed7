package trustpolicy_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
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
	return p.Evaluate(trustpolicy.RequestFor(iam.Commercial, account, v)).Allowed
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
		g, problems := trustpolicy.Generate(s)
		if problems != nil {
			t.Fatal(problems)
		}
		view := viewOf(s)
		if p, err := trustpolicy.Parse([]byte(g.Document)); err != nil || slices.ContainsFunc(p.Lint(), func(f trustpolicy.Finding) bool { return f.Level != trustpolicy.Info }) {
			t.Fatalf("check would not let the policy pass: %v\n%s", err, g.Document)
		}
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

func FuzzParse(f *testing.F) {
	g, problems := trustpolicy.Generate(spec(trustpolicy.ServiceConnection))
	if problems != nil {
		f.Fatal(problems)
	}
	f.Add(g.Document)
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["*"]},"NotAction":["a*"],"Condition":{"ForAllValues:StringLikeIfExists":{"a":[1,true,"?*"]}}}}`)
	view := viewOf(spec(trustpolicy.ServiceConnection))
	f.Fuzz(func(t *testing.T, document string) {
		_, _ = trustpolicy.Read([]byte(document))
		p, err := trustpolicy.Parse([]byte(document))
		if err != nil {
			return
		}
		v := trustpolicy.Check(p, identities[0])
		if v.Passes && !v.Allowed {
			t.Errorf("passes although it does not allow the identity: %+v", v)
		}
		wrong := func(f trustpolicy.Finding) bool { return f.Level == trustpolicy.Error }
		if v.Passes && slices.ContainsFunc(v.Findings, wrong) {
			t.Errorf("passes with an error among its findings: %+v", v)
		}
		d := p.Evaluate(trustpolicy.RequestFor(iam.Commercial, account, view))
		applies := false
		for _, s := range d.Statements {
			applies = applies || s.Applies && s.Effect == "Allow"
		}
		if d.Allowed && !applies {
			t.Error("allowed without a statement that applies")
		}
	})
}
