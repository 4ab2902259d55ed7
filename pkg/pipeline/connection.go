package pipeline

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

// IdentityKind is a value of the input connectionType: whose token is asked for.
type IdentityKind string

// The kinds of identity.
const (
	AWSOIDC              IdentityKind = "awsOidc"
	AWSToolkit           IdentityKind = "awsToolkit"
	AzureResourceManager IdentityKind = "azureResourceManager"
	AzureDevOps          IdentityKind = "azureDevOps"
	PipelineIdentity     IdentityKind = "none"
)

// identityKinds are all of them.
var identityKinds = []IdentityKind{AWSOIDC, AWSToolkit, AzureResourceManager, AzureDevOps, PipelineIdentity}

// azure reports whether the connection has an Entra identity behind it.
func (k IdentityKind) azure() bool { return k == AzureResourceManager || k == AzureDevOps }

// EntraExchange is what the exchange at Microsoft Entra needs.
type EntraExchange struct {
	Audience  string // api:// URI or GUID, without /.default
	TenantID  string // GUID
	ClientID  string // GUID
	Authority string // host name
}

// authorities are the token endpoints of Entra's clouds, by the environment that
// an Azure connection names (learn.microsoft.com, Microsoft Entra national clouds).
var authorities = map[string]string{
	"":                  "login.microsoftonline.com",
	"AzureCloud":        "login.microsoftonline.com",
	"AzureUSGovernment": "login.microsoftonline.us",
	"AzureChinaCloud":   "login.partner.microsoftonline.cn",
}

// endpoint reads the variables of one service connection.
type endpoint struct {
	lookup Lookup
	id     string
}

// data is an entry of the endpoint's data.
func (e endpoint) data(name string) string {
	return strings.TrimSpace(e.lookup.Get("ENDPOINT_DATA_" + e.id + "_" + name))
}

// parameter is an authorization parameter. The agent registers most of them with
// its masker.
func (e endpoint) parameter(name string) string {
	return strings.TrimSpace(e.lookup.Get("ENDPOINT_AUTH_PARAMETER_" + e.id + "_" + name))
}

func (e endpoint) scheme() string { return e.lookup.Get("ENDPOINT_AUTH_SCHEME_" + e.id) }

// delivered reports whether the agent handed the connection to this step.
func (e endpoint) delivered() bool {
	_, url := e.lookup("ENDPOINT_URL_" + e.id)
	_, auth := e.lookup("ENDPOINT_AUTH_" + e.id)
	return url || auth || e.scheme() != ""
}

// connectionInput names the input that holds the connection of each kind.
func (in Inputs) connectionInput(k IdentityKind) (name, value string) {
	switch k {
	case AWSOIDC:
		return "serviceConnection", in.ServiceConnection
	case AWSToolkit:
		return "awsServiceConnection", in.AWSServiceConnection
	case AzureResourceManager:
		return "azureServiceConnection", in.AzureServiceConnection
	case AzureDevOps:
		return "azureDevOpsServiceConnection", in.AzureDevOpsServiceConnection
	case PipelineIdentity:
	}
	return "", ""
}

// connections are the connections that the inputs select, whether they are used or not.
func (in Inputs) connections(lookup Lookup) []endpoint {
	var out []endpoint
	for _, k := range []IdentityKind{AWSOIDC, AWSToolkit, AzureResourceManager, AzureDevOps} {
		if _, id := in.connectionInput(k); id != "" {
			out = append(out, endpoint{lookup, strings.ToLower(id)})
		}
	}
	return out
}

// identity checks the inputs of the group "Identity" and returns the connection
// for its pins.
func identity(in Inputs, lookup Lookup, s *Step, p *problems) endpoint {
	kind := choice("connectionType", IdentityKind(in.ConnectionType), AWSOIDC, p, identityKinds)
	if in.ConnectionType != "" && in.ConnectionType != string(kind) {
		return endpoint{} // which connection is meant is unknown
	}
	s.Kind = kind
	if kind.azure() && in.EntraAudience != "" {
		entraAudience(in.EntraAudience, p)
	}
	input, value := in.connectionInput(kind)
	if input == "" {
		return endpoint{}
	}
	s.Plan.ConnectionID = connectionID(input, value, p)
	if s.Plan.ConnectionID == "" {
		return endpoint{}
	}
	conn := endpoint{lookup, s.Plan.ConnectionID}
	if !conn.delivered() {
		p.add(input, "the agent did not pass connection %s to this step: it may have been deleted, or renamed since the pipeline was saved, or this pipeline may not use it; select it in this input again", p.plain(input, conn.id))
		return conn
	}
	if kind.azure() {
		s.Plan.Entra = azureConnection(input, in, conn, p)
	}
	return conn
}

func connectionID(input, value string, p *problems) string {
	id := strings.ToLower(value)
	switch {
	case value == "":
		p.add(input, "no service connection is selected")
		return ""
	case strings.Contains(value, ","):
		p.add(input, "one service connection is required, not a list")
		return ""
	case macro().MatchString(value):
		return ""
	case !claims.ValidGUID(id):
		p.add(input, "%s is not the id of a service connection; write the connection's name directly, or as ${{ parameters.connection }}: a runtime variable is not resolved", p.shown(input, value))
		return ""
	}
	return id
}

// azureConnection checks the parts of a connection with an Entra identity, and returns
// what the exchange at Entra needs where the step asks for one.
func azureConnection(input string, in Inputs, conn endpoint, p *problems) *EntraExchange {
	if s := conn.scheme(); s != "" && !strings.EqualFold(s, "WorkloadIdentityFederation") {
		p.add(input, "the connection uses the scheme %s; a connection with workload identity federation is required", p.shown("", s))
	}
	if in.EntraAudience == "" {
		return nil
	}
	cloud := conn.data("ENVIRONMENT")
	authority, known := authorities[cloud]
	if !known {
		p.add(input, "the connection's environment %s is not one of AzureCloud, AzureUSGovernment, AzureChinaCloud", p.shown("", cloud))
	}
	return &EntraExchange{
		Audience: in.EntraAudience, Authority: authority,
		TenantID: connectionGUID(input, conn, "TENANTID", "tenant id", p),
		ClientID: connectionGUID(input, conn, "SERVICEPRINCIPALID", "application (client) id", p),
	}
}

func connectionGUID(input string, conn endpoint, name, words string, p *problems) string {
	v := strings.ToLower(conn.parameter(name))
	if !claims.ValidGUID(v) {
		p.add(input, "the connection has no %s that is a GUID, which entraAudience needs", words)
	}
	return v
}

func entraAudience(audience string, p *problems) {
	const input = "entraAudience"
	if macro().MatchString(audience) {
		return
	}
	if problem := claims.AudienceProblem(audience); problem != "" {
		p.add(input, "%s %s", p.shown(input, audience), problem)
	}
}
