package trustpolicy

import (
	"cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Refusal is what AWS said about an identity, as far as it concerns the set-up in
// IAM.
type Refusal int

// The refusals. AWS looks for the provider first, then for the token's client ID in
// the provider's list, then at the token, and at the role's trust policy last.
const (
	NotAllowed Refusal = iota
	NoProvider
	WrongAudience
	BadToken
	WrongThumbprint
)

// Explanation is what AWS needs to admit an identity that it refused.
type Explanation struct {
	// Document is a whole trust policy that allows exactly this identity, ready for
	// IAM's "Custom trust policy".
	Document string `json:"document"`
	// Unusable says why no document can allow exactly this identity; there is none then.
	Unusable string `json:"unusable,omitempty"`
	// ProviderURL and ClientID are what the IAM identity provider must have. IAM's
	// console calls the client ID "Audience".
	ProviderURL string `json:"providerUrl"`
	ClientID    string `json:"clientId"`
	// Differences are the likeliest reasons for the refusal, in order.
	Differences []string `json:"differences"`
}

// Explain says what AWS needs to admit a token with these claims to a role of the
// account.
func Explain(c claims.UnverifiedClaims, p iam.Partition, account iam.Account, r Refusal) Explanation {
	v := c.AWS()
	x := Explanation{
		ProviderURL: c.Issuer,
		ClientID:    v.Audience,
		Differences: differences(c, account, r),
		Unusable:    cmp.Or(unwritable(v.Provider), unwritable(v.Subject), unwritable(v.Audience), unwritable(v.OriginalAudience)),
	}
	if x.Unusable == "" {
		x.Document = pretty(document{Version: languageVersion, Statement: []allowance{allow("AzurePipelines", p, account, v)}})
	}
	return x
}

func differences(c claims.UnverifiedClaims, account iam.Account, r Refusal) []string {
	switch r {
	case NoProvider:
		return noProvider(c, account)
	case WrongAudience:
		return []string{
			"The provider's client ID list lacks " + c.AWS().Audience + ": add it, and keep the other entries.",
			"AWS compares the list with the token's azp if it has one, and with its audience only if it has none.",
		}
	case BadToken:
		return []string{
			"The clocks: AWS accepts a token only within its validity period (±5 minutes).",
			"The provider's URL: AWS fetches the keys from its /.well-known/openid-configuration, so it must equal the issuer exactly.",
		}
	case WrongThumbprint:
		return []string{
			"The thumbprints of the provider: one of them must be that of the top certificate that the host of the provider's URL sends; it has none of them now.",
			"The provider's URL: it must equal the issuer exactly, because AWS looks at the certificate of its host.",
		}
	case NotAllowed:
	}
	said := []string{"The role does not exist under this name in account " + string(account) + ", or a service control policy denies the call; AWS returns the same error in both cases."}
	said = append(said, subjectDifferences(c)...)
	return append(said, "The Principal: the provider's ARN must be in account "+string(account)+" and end with the issuer, without https://.")
}

func noProvider(c claims.UnverifiedClaims, account iam.Account) []string {
	said := []string{
		"Account " + string(account) + " has no identity provider with the URL " + c.Issuer + ". The URL is compared exactly, trailing slash included.",
		"The provider is in another account than the role: each account needs its own.",
	}
	if c.Flavour() == claims.EntraConnection {
		return append([]string{"The account has only the provider of the Azure DevOps issuer, and the connection was converted to the Entra issuer."}, said...)
	}
	return said
}

// subjectDifferences are what people get wrong in a trust policy for an identity of
// this kind.
func subjectDifferences(c claims.UnverifiedClaims) []string {
	const vstokenAudience = "The :aud condition: it must be " + claims.TokenExchangeAudience + ", not sts.amazonaws.com."
	switch c.Flavour() {
	case claims.VSTokenConnection:
		return []string{
			"The :sub condition: it is case-sensitive and contains the names of organisation, project and connection; renaming any of them changes it.",
			"The condition expects the pipeline's own subject (p://…), but the step uses a connection (sc://…).",
			vstokenAudience,
		}
	case claims.VSTokenPipeline:
		return []string{
			"The :sub condition: it is case-sensitive and contains the names of organisation, project and pipeline; renaming any of them changes it.",
			"The condition expects a connection's subject (sc://…), but the step uses the pipeline's own identity (p://…).",
			vstokenAudience,
		}
	case claims.EntraConnection:
		return []string{
			"The role still trusts only the Azure DevOps issuer, and the connection was converted to the Entra issuer: add a second statement.",
			"The :aud condition: AWS compares it with azp (" + claims.AzureDevOpsClientID + "), not with the token's audience.",
			"The :sub condition: it must end in the ID of this connection.",
		}
	case claims.EntraAccessV2:
		return []string{
			"The :aud condition: AWS compares it with azp, the client ID of the caller; the audience application is :oaud.",
			"The :sub condition: it is the object ID of the caller's service principal, not its client ID.",
		}
	case claims.EntraAccessV1:
		return []string{
			"The provider's URL and the condition keys: the trailing slash of the issuer belongs to them.",
			"The :sub condition: it is the object ID of the caller's service principal, not its client ID.",
		}
	case claims.EntraPipeline, claims.Unknown: // their usual mistakes are not known
	}
	return nil
}
