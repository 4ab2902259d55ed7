package trustpolicy

import (
	"bytes"
	"cmp"
	"encoding/json"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

// document and its parts have the order in which people write a policy.
type document struct {
	Version   string
	Statement []allowance
}

type allowance struct {
	Sid       string
	Effect    string
	Principal struct{ Federated string }
	Action    string
	Condition struct{ StringEquals map[string]string }
}

// allow is the statement that admits exactly one identity: its provider, and
// every key that AWS derives from its token, compared for equality.
func allow(sid, account, partition string, v claims.AWSView) allowance {
	a := allowance{Sid: sid, Effect: "Allow", Action: Action}
	a.Principal.Federated = ProviderARN(partition, account, v.Provider)
	a.Condition.StringEquals = map[string]string{v.Provider + ":aud": v.Audience, v.Provider + ":sub": v.Subject}
	if v.OriginalAudience != "" {
		a.Condition.StringEquals[v.Provider+":oaud"] = v.OriginalAudience
	}
	return a
}

// pretty is JSON indented by two spaces, with <, > and & as they are.
func pretty(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(v) != nil {
		return ""
	}
	return string(bytes.TrimRight(b.Bytes(), "\n"))
}

// Refusal is what AWS said against an identity, as far as it tells anything about the
// set-up in IAM.
type Refusal int

// The refusals. AWS looks for the provider first, then for the token's client id in
// the provider's list, then at the token, and at the role's trust policy last.
const (
	NotAllowed Refusal = iota
	NoProvider
	WrongAudience
	BadToken
)

// Explanation is what would let an identity in that was turned away.
type Explanation struct {
	// Statement is a JSON statement that allows exactly this identity.
	Statement string
	// Unusable says why IAM would not take the statement; empty when it would.
	Unusable string
	// ProviderURL and ClientID are what the IAM identity provider must have.
	ProviderURL, ClientID string
	// Differences are the likeliest reasons of the refusal, in order.
	Differences []string
}

// Explain says what AWS must have to admit a token with these claims to a role of
// the account.
func Explain(c claims.UnverifiedClaims, account, partition string, r Refusal) Explanation {
	v := c.AWS()
	return Explanation{
		Statement:   pretty(allow("AzurePipelines", account, partition, v)),
		ProviderURL: c.Issuer, ClientID: v.Audience,
		Differences: differences(c, account, r),
		Unusable:    cmp.Or(unwritable(v.Provider), unwritable(v.Subject), unwritable(v.Audience), unwritable(v.OriginalAudience)),
	}
}

func differences(c claims.UnverifiedClaims, account string, r Refusal) []string {
	switch r {
	case NoProvider:
		return noProvider(c, account)
	case WrongAudience:
		return []string{
			"The provider's list of client ids lacks " + c.AWS().Audience + ": add it, and keep the others.",
			"AWS compares the list with azp where a token has one, and with the audience only where it has none.",
		}
	case BadToken:
		return []string{
			"The clocks: AWS takes a token only within its times, give or take 5 minutes.",
			"The provider's URL: AWS fetches the keys from its /.well-known/openid-configuration, so it must be the issuer, to the letter.",
		}
	case NotAllowed:
	}
	return append(subjectDifferences(c),
		"The Principal: the provider's ARN must be of account "+account+" and end in the issuer without https://.",
		"The role does not exist in account "+account+", or a service control policy denies the call; AWS answers these alike.")
}

func noProvider(c claims.UnverifiedClaims, account string) []string {
	said := []string{
		"Account " + account + " has no identity provider with the URL " + c.Issuer + ": it is compared to the letter, a slash at the end included.",
		"The role is of another account than the provider: each account needs its own.",
	}
	if c.Flavour() == claims.EntraConnection {
		return append([]string{"The account has the provider of the Azure DevOps issuer only, and the connection was converted to the Entra issuer."}, said...)
	}
	return said
}

// subjectDifferences are what people get wrong in a trust policy for an identity of
// this kind.
func subjectDifferences(c claims.UnverifiedClaims) []string {
	const vstokenAudience = "The :aud condition: it is " + claims.TokenExchangeAudience + ", not sts.amazonaws.com."
	switch c.Flavour() {
	case claims.VSTokenConnection:
		return []string{
			"The :sub condition: it is compared by case and holds the names of organisation, project and connection; a rename changes it.",
			"The condition expects the pipeline's own subject (p://…) while the step uses a connection (sc://…).",
			vstokenAudience,
		}
	case claims.VSTokenPipeline:
		return []string{
			"The :sub condition: it is compared by case and holds the names of organisation, project and pipeline; a rename changes it.",
			"The condition expects a connection's subject (sc://…) while the step uses the pipeline's own identity (p://…).",
			vstokenAudience,
		}
	case claims.EntraConnection:
		return []string{
			"The role still trusts the Azure DevOps issuer only, and the connection was converted to the Entra issuer: add a second statement.",
			"The :aud condition: AWS compares it with azp (" + claims.AzureDevOpsClientID + "), not with the token's audience.",
			"The :sub condition: it must end in the id of this connection.",
		}
	case claims.EntraAccessV2:
		return []string{
			"The :aud condition: AWS compares it with azp, the client id of the caller; the audience application is :oaud.",
			"The :sub condition: it is the object id of the caller's service principal, not its client id.",
		}
	case claims.EntraAccessV1:
		return []string{
			"The provider's URL and the condition keys: the trailing slash of the issuer belongs to them.",
			"The :sub condition: it is the object id of the caller's service principal, not its client id.",
		}
	case claims.EntraPipeline, claims.Unknown: // nothing is known of their usual mistakes
	}
	return nil
}
