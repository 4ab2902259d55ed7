package trustpolicy

import (
	"strings"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Provider is an IAM OIDC identity provider.
type Provider struct {
	URL       string   `json:"url"`
	ClientIDs []string `json:"clientIds"`
}

// Generated is a trust policy with the role and the providers that it is for.
type Generated struct {
	// Document is the policy as indented JSON, ready for IAM's "Custom trust policy".
	Document string
	// Providers are in the order of the statements.
	Providers []Provider
	// Role is what the task's input roleArn must be.
	Role iam.RoleARN
	// Length is what IAM counts against MaxLength.
	Length int
	// Predicted reports whether a statement relies on a prediction of what AWS sees.
	Predicted bool

	policy   document
	existing bool
}

// Generate writes the policy for a spec. Problems are all that is wrong with the
// spec, at most one for each field; when there is one, nothing is generated.
func Generate(s Spec) (Generated, []Problem) {
	s = s.withDefaults()
	if problems := s.check(); len(problems) > 0 {
		return Generated{}, problems
	}
	g := Generated{policy: document{Version: languageVersion}, existing: s.ExistingProvider}
	path, name := splitRole(s.Role)
	g.Role = iam.RoleARN{Partition: s.Partition, Account: s.Account, Path: path, Name: name}
	for _, id := range s.identities() {
		view := id.claims.AWS()
		g.policy.Statement = append(g.policy.Statement, allow(id.sid, s.Partition, s.Account, view))
		g.Providers = append(g.Providers, Provider{id.claims.Issuer, []string{view.Audience}})
		g.Predicted = g.Predicted || id.claims.Flavour() == claims.EntraConnection
	}
	g.Document = pretty(g.policy)
	g.Length = utf8.RuneCountInString(encode(g.policy, ""))
	return g, nil
}

// identity is one identity with its claims as its token will hold them.
type identity struct {
	sid    string
	claims claims.UnverifiedClaims
}

// identities are those that the policy admits. The spec has been checked.
func (s Spec) identities() []identity {
	var out []identity
	if s.Identity == ServiceConnection || s.Migrate {
		out = append(out, s.vstoken("sc://"+s.Org+"/"+s.Project+"/"+s.Connection))
	}
	if s.Identity == Pipeline {
		out = append(out, s.vstoken("p://"+s.Org+"/"+s.Project+"/"+s.Pipeline))
	}
	if s.Identity == EntraExchange {
		return append(out, s.exchanged())
	}
	if s.Identity == EntraConnection || s.Migrate {
		out = append(out, s.entra())
	}
	return out
}

// vstoken is an identity of Azure DevOps' own issuer.
func (s Spec) vstoken(subject string) identity {
	return identity{"AzureDevOpsIssuer", claims.UnverifiedClaims{
		Issuer:   claims.VSTokenIssuer(s.OrgID),
		Subject:  subject,
		Audience: []string{claims.TokenExchangeAudience},
	}}
}

// entra is the identity of a connection on the Entra issuer.
func (s Spec) entra() identity {
	subject, _ := claims.EntraSubject(s.TenantID, s.OrgID, s.ConnectionID) // the IDs have been checked
	return identity{"EntraIssuer", claims.UnverifiedClaims{
		Issuer:          claims.EntraIssuer(s.TenantID),
		Subject:         subject,
		Audience:        []string{claims.TokenExchangeResource},
		AuthorizedParty: claims.AzureDevOpsClientID,
	}}
}

// exchanged is the identity of an access token that Entra issued for an audience
// of the user's own.
func (s Spec) exchanged() identity {
	c := claims.UnverifiedClaims{Subject: strings.ToLower(s.ObjectID)}
	if s.TokenVersion == "1" {
		c.Issuer, c.Audience = claims.EntraIssuerV1(s.TenantID), []string{s.Audience}
	} else {
		c.Issuer, c.Audience = claims.EntraIssuer(s.TenantID), []string{strings.ToLower(s.Audience)}
		c.AuthorizedParty = strings.ToLower(s.ClientID)
	}
	return identity{"EntraAccessToken", c}
}
