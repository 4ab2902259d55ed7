package trustpolicy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// TestExplainDocument: the document is the one that Generate writes but for the Sid, and
// check finds nothing wrong with it.
func TestExplainDocument(t *testing.T) {
	t.Parallel()
	for _, c := range identities {
		x := trustpolicy.Explain(c, iam.GovCloud, account, trustpolicy.NotAllowed)
		if x.Unusable != "" {
			t.Errorf("%s cannot be used: %s", c.Subject, x.Unusable)
		}
		if x.ProviderURL != c.Issuer || x.ClientID != c.AWS().Audience {
			t.Errorf("%s: the provider is %q with the client id %q", c.Subject, x.ProviderURL, x.ClientID)
		}
		p, err := trustpolicy.Parse([]byte(x.Document))
		if err != nil {
			t.Fatalf("%v in %s", err, x.Document)
		}
		if v := trustpolicy.Check(p, c); !v.Passes {
			t.Errorf("%s does not pass: %s %v", c.Subject, v.Line, v.Findings)
		}
		if !strings.Contains(x.Document, `"Federated": "arn:aws-us-gov:iam::111122223333:oidc-provider/`) {
			t.Errorf("the provider is in another partition: %s", x.Document)
		}
	}
}

// TestDifferences: first what is likeliest, then what people get wrong for an identity of
// this kind.
func TestDifferences(t *testing.T) {
	t.Parallel()
	const (
		role      = "The role does not exist under this name in account 111122223333, or a service control policy denies the call; AWS returns the same error in both cases."
		principal = "The Principal: the provider's ARN must be in account 111122223333 and end with the issuer, without https://."
		vstoken   = "The :aud condition: it must be api://AzureADTokenExchange, not sts.amazonaws.com."
	)
	of := func(i int, r trustpolicy.Refusal) []string {
		return trustpolicy.Explain(identities[i], iam.Commercial, account, r).Differences
	}
	exchanged := identities[3]
	exchanged.Raw = map[string]any{"ver": "2.0"}
	for name, c := range map[string]struct{ want, got []string }{
		"connection": {[]string{
			role,
			"The :sub condition: it is case-sensitive and contains the names of organisation, project and connection; renaming any of them changes it.",
			"The condition expects the pipeline's own subject (p://…), but the step uses a connection (sc://…).",
			vstoken, principal,
		}, of(0, trustpolicy.NotAllowed)},
		"pipeline": {[]string{
			role,
			"The :sub condition: it is case-sensitive and contains the names of organisation, project and pipeline; renaming any of them changes it.",
			"The condition expects a connection's subject (sc://…), but the step uses the pipeline's own identity (p://…).",
			vstoken, principal,
		}, of(1, trustpolicy.NotAllowed)},
		"Entra": {[]string{
			role,
			"The role still trusts only the Azure DevOps issuer, and the connection was converted to the Entra issuer: add a second statement.",
			"The :aud condition: AWS compares it with azp (499b84ac-1321-427f-aa17-267ca6975798), not with the token's audience.",
			"The :sub condition: it must end in the ID of this connection.",
			principal,
		}, of(2, trustpolicy.NotAllowed)},
		"version 2": {[]string{
			role,
			"The :aud condition: AWS compares it with azp, the client ID of the caller; the audience application is :oaud.",
			"The :sub condition: it is the object ID of the caller's service principal, not its client ID.",
			principal,
		}, trustpolicy.Explain(exchanged, iam.Commercial, account, trustpolicy.NotAllowed).Differences},
		"version 1": {[]string{
			role,
			"The provider's URL and the condition keys: the trailing slash of the issuer belongs to them.",
			"The :sub condition: it is the object ID of the caller's service principal, not its client ID.",
			principal,
		}, of(4, trustpolicy.NotAllowed)},
		"unknown": {[]string{role, principal}, of(5, trustpolicy.NotAllowed)},
		"no provider": {[]string{
			"Account 111122223333 has no identity provider with the URL https://" + issuer + ". The URL is compared exactly, trailing slash included.",
			"The provider is in another account than the role: each account needs its own.",
		}, of(0, trustpolicy.NoProvider)},
		"no provider for Entra": {[]string{
			"The account has only the provider of the Azure DevOps issuer, and the connection was converted to the Entra issuer.",
			"Account 111122223333 has no identity provider with the URL https://" + entra + ". The URL is compared exactly, trailing slash included.",
			"The provider is in another account than the role: each account needs its own.",
		}, of(2, trustpolicy.NoProvider)},
		"audience": {[]string{
			"The provider's client ID list lacks api://AzureADTokenExchange: add it, and keep the other entries.",
			"AWS compares the list with the token's azp if it has one, and with its audience only if it has none.",
		}, of(0, trustpolicy.WrongAudience)},
		"token": {[]string{
			"The clocks: AWS accepts a token only within its validity period (±5 minutes).",
			"The provider's URL: AWS fetches the keys from its /.well-known/openid-configuration, so it must equal the issuer exactly.",
		}, of(0, trustpolicy.BadToken)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestUnusable: IAM accepts no such document, and the explanation says so.
func TestUnusable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]claims.UnverifiedClaims{
		"issuer":            {Issuer: "https://контосо", Subject: "s", Audience: []string{"a"}},
		"subject":           {Issuer: "https://i", Subject: "sc://контосо/p/c", Audience: []string{"a"}},
		"audience":          {Issuer: "https://i", Subject: "s", Audience: []string{"контосо"}},
		"original audience": {Issuer: "https://i", Subject: "s", Audience: []string{"контосо"}, AuthorizedParty: "a"},
	} {
		x := trustpolicy.Explain(c, iam.Commercial, account, trustpolicy.NotAllowed)
		if got := x.Unusable; !strings.HasPrefix(got, "IAM policies allow only the characters U+0020 to U+00FF") {
			t.Errorf("%s: the reason is %q", name, got)
		}
		if x.Document != "" {
			t.Errorf("%s: a document is offered all the same: %s", name, x.Document)
		}
	}
	// IAM would accept this one, and admit every caller that takes the name as its session's.
	x := trustpolicy.Explain(claims.UnverifiedClaims{Issuer: "https://i", Subject: "sc://o/p/${sts:RoleSessionName}", Audience: []string{"a"}}, iam.Commercial, account, trustpolicy.NotAllowed)
	if x.Document != "" {
		t.Errorf("a document with a policy variable is offered: %s", x.Document)
	}
}
