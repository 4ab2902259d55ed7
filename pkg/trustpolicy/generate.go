package trustpolicy

import (
	"errors"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// Identities that Generate writes policies for.
const (
	ServiceConnection = "service-connection"
	Pipeline          = "pipeline"
	EntraConnection   = "entra-connection"
	EntraExchange     = "entra-exchange"
)

// Spec names an identity by the ids and names of its parts. Which of them are
// needed depends on Identity and Migrate.
type Spec struct {
	Identity           string
	Account, Partition string
	Org, OrgID         string
	Project            string
	Connection         string
	ConnectionID       string
	Pipeline           string
	TenantID           string
	TokenVersion       string
	ClientID           string
	ObjectID           string
	Audience           string
	// Migrate adds the statement of the Azure DevOps issuer to that of the Entra
	// issuer, so that a connection can be converted without a failed run.
	Migrate bool
}

// Provider is an IAM OIDC identity provider.
type Provider struct {
	URL       string
	ClientIDs []string
}

// Generated is a trust policy and the providers that it relies on.
type Generated struct {
	// Document is the policy as indented JSON.
	Document string
	// Providers are in the order of the statements.
	Providers []Provider
	// Length is what IAM counts against MaxLength.
	Length int
	// Predicted tells that a statement rests on a prediction of what AWS sees.
	Predicted bool
}

// Generate writes the policy. Its error joins all problems of the spec, each
// naming the flag it is about.
func Generate(s Spec) (Generated, error) {
	c := &checker{}
	s.check(c)
	identities := s.claims(c)
	if len(c.problems) > 0 {
		return Generated{}, errors.Join(c.problems...)
	}
	d := document{Version: "2012-10-17"}
	var g Generated
	for _, id := range identities {
		g.Predicted = g.Predicted || id.claims.Flavour() == claims.EntraConnection
		d.Statement = append(d.Statement, allow(id.sid, s.Account, s.Partition, id.claims.AWS()))
		g.Providers = append(g.Providers, Provider{id.claims.Issuer, id.clientIDs})
	}
	g.Document = pretty(d)
	policy, err := Parse([]byte(g.Document))
	if err != nil {
		return Generated{}, err
	}
	g.Length = policy.Length()
	return g, nil
}

// identity is one identity, its claims as AWS will see them, and the client ids
// that its provider must list.
type identity struct {
	sid       string
	claims    claims.UnverifiedClaims
	clientIDs []string
}

func (s Spec) claims(c *checker) []identity {
	vstoken := "https://vstoken.dev.azure.com/" + strings.ToLower(s.OrgID)
	named := func(sid, subject string) identity {
		return identity{
			sid,
			claims.UnverifiedClaims{Issuer: vstoken, Subject: subject, Audience: []string{claims.TokenExchangeAudience}},
			[]string{claims.TokenExchangeAudience},
		}
	}
	old := named("AzureDevOpsIssuer", "sc://"+s.Org+"/"+s.Project+"/"+s.Connection)
	switch {
	case s.Identity == Pipeline:
		return []identity{named("AzureDevOpsIssuer", "p://"+s.Org+"/"+s.Project+"/"+s.Pipeline)}
	case s.Identity == EntraExchange && s.Migrate:
		return []identity{old, s.exchanged()}
	case s.Identity == EntraExchange:
		return []identity{s.exchanged()}
	case s.Migrate:
		return []identity{old, s.entra(c)}
	case s.Identity == EntraConnection:
		return []identity{s.entra(c)}
	}
	return []identity{old}
}

// entra is the identity of a connection on the Entra issuer.
func (s Spec) entra(c *checker) identity {
	subject, err := claims.EntraSubject(s.TenantID, s.OrgID, s.ConnectionID)
	if err != nil && len(c.problems) == 0 {
		c.add("tenant-id", "the subject cannot be computed from --tenant-id, --org-id and --connection-id")
	}
	return identity{"EntraIssuer", claims.UnverifiedClaims{
		Issuer: entraIssuer(s.TenantID), Subject: subject,
		Audience: []string{claims.TokenExchangeResource}, AuthorizedParty: claims.AzureDevOpsClientID,
	}, []string{claims.AzureDevOpsClientID}}
}

// exchanged is the identity of an access token that Entra issued for an audience
// of the user's own.
func (s Spec) exchanged() identity {
	object := strings.ToLower(s.ObjectID)
	if s.TokenVersion == "1" {
		issuer := "https://sts.windows.net/" + strings.ToLower(s.TenantID) + "/"
		return identity{"EntraAccessToken", claims.UnverifiedClaims{Issuer: issuer, Subject: object, Audience: []string{s.Audience}}, []string{s.Audience}}
	}
	client := strings.ToLower(s.ClientID)
	return identity{"EntraAccessToken", claims.UnverifiedClaims{
		Issuer: entraIssuer(s.TenantID), Subject: object, Audience: []string{strings.ToLower(s.Audience)}, AuthorizedParty: client,
	}, []string{client}}
}

func entraIssuer(tenant string) string {
	return "https://login.microsoftonline.com/" + strings.ToLower(tenant) + "/v2.0"
}

// checker collects the problems of a spec.
type checker struct{ problems []error }

func (c *checker) add(flag, problem string) {
	c.problems = append(c.problems, errors.New("--"+flag+": "+problem))
}

var (
	accountPattern = pattern.Lazy(`^[0-9]{12}$`)
	guidPattern    = pattern.Lazy(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	partitions     = []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc"}
)

func (s Spec) check(c *checker) {
	if !accountPattern().MatchString(s.Account) {
		c.add("account", "12 digits are wanted")
	}
	if !slices.Contains(partitions, s.Partition) {
		c.add("partition", "one of "+strings.Join(partitions, ", ")+" is wanted")
	}
	named := s.Identity == ServiceConnection || s.Migrate && s.Identity != Pipeline
	switch s.Identity {
	case ServiceConnection, EntraConnection, EntraExchange:
	case Pipeline:
		c.names(map[string]string{"org": s.Org, "project": s.Project, "pipeline": s.Pipeline})
		c.guids(map[string]string{"org-id": s.OrgID})
		if s.Migrate {
			c.add("migrate", "a pipeline's own identity has no counterpart at Entra that is documented")
		}
	default:
		c.add("identity", "one of "+strings.Join([]string{ServiceConnection, Pipeline, EntraConnection, EntraExchange}, ", ")+" is wanted")
	}
	if named {
		c.names(map[string]string{"org": s.Org, "project": s.Project, "connection": s.Connection})
		c.guids(map[string]string{"org-id": s.OrgID})
	}
	if s.Identity == EntraConnection || s.Migrate && s.Identity == ServiceConnection {
		c.guids(map[string]string{"tenant-id": s.TenantID, "org-id": s.OrgID, "connection-id": s.ConnectionID})
	}
	if s.Identity == EntraExchange {
		s.checkExchange(c)
	}
}

// sharedAudiences are of tokens that many parties hold or that are for other
// services. The task refuses to exchange for them.
var sharedAudiences = []string{
	claims.TokenExchangeAudience, claims.TokenExchangeResource, claims.AzureDevOpsClientID, "00000003-0000-0000-c000-000000000000",
}

func (s Spec) checkExchange(c *checker) {
	if slices.ContainsFunc(sharedAudiences, func(a string) bool { return strings.EqualFold(a, s.Audience) }) {
		c.addOnce("audience", "this audience is not of an application of yours; register one for AWS")
	}
	c.guids(map[string]string{"tenant-id": s.TenantID, "object-id": s.ObjectID})
	switch s.TokenVersion {
	case "1":
		c.names(map[string]string{"audience": s.Audience})
		if !strings.HasPrefix(s.Audience, "api://") && !guidPattern().MatchString(s.Audience) {
			c.addOnce("audience", "a version 1 token names its audience by an api:// URI or a GUID")
		}
	case "2":
		c.guids(map[string]string{"client-id": s.ClientID})
		if !guidPattern().MatchString(s.Audience) {
			c.addOnce("audience", "a version 2 token names its audience by the application's client id, a GUID")
		}
	default:
		c.add("token-version", "1 or 2 is wanted")
	}
}

// guids checks ids; the order of problems is that of the flags' names.
func (c *checker) guids(flags map[string]string) {
	for _, flag := range sortedKeys(flags) {
		if !guidPattern().MatchString(flags[flag]) {
			c.addOnce(flag, "a GUID is wanted")
		}
	}
}

// names checks the mutable parts of a subject.
func (c *checker) names(flags map[string]string) {
	for _, flag := range sortedKeys(flags) {
		if problem := nameProblem(flag, flags[flag]); problem != "" {
			c.addOnce(flag, problem)
		}
	}
}

func nameProblem(flag, name string) string {
	switch {
	case name == "":
		return "a value is wanted"
	case name != strings.TrimSpace(name):
		return "the value begins or ends with a space"
	case strings.ContainsAny(name, "*?"):
		return "wildcards would admit strangers; give the exact name"
	case unwritable(name) != "":
		return unwritable(name)
	case flag != "pipeline" && flag != "connection" && flag != "audience" && strings.Contains(name, "/"):
		return "a name has no slash"
	}
	return ""
}

// unwritable says why a value cannot stand in a policy as it is.
func unwritable(value string) string {
	foreign := func(r rune) bool { return r < 0x20 || r > 0xFF || r >= 0x7F && r < 0xA0 }
	switch {
	case strings.Contains(value, "${"):
		return "IAM would read ${ as the start of a policy variable; rename it in Azure DevOps"
	case strings.ContainsFunc(value, foreign):
		return "IAM policies hold only characters from U+0020 to U+00FF; rename it in Azure DevOps, or use an Entra identity, whose subject has no names"
	}
	return ""
}

// addOnce adds a problem unless the flag has one already.
func (c *checker) addOnce(flag, problem string) {
	said := func(e error) bool { return strings.HasPrefix(e.Error(), "--"+flag+":") }
	if !slices.ContainsFunc(c.problems, said) {
		c.add(flag, problem)
	}
}
