package pipeline

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
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

// azure tells whether the connection has an Entra identity behind it.
func (k IdentityKind) azure() bool { return k == AzureResourceManager || k == AzureDevOps }

// Identity is whose token is asked for and how it is exchanged before STS.
type Identity struct {
	Kind         IdentityKind
	ConnectionID string // lower-case GUID; empty for the pipeline itself
	// Entra is set when the token goes to Microsoft Entra first.
	Entra *EntraExchange
}

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

var guidPattern = pattern.Lazy(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

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

// delivered tells whether the agent handed the connection to this step.
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

// identity checks the inputs of the group "Identity" and returns the connection
// for its pins.
func identity(in Inputs, lookup Lookup, p *problems) (Identity, endpoint) {
	kinds := []string{string(AWSOIDC), string(AWSToolkit), string(AzureResourceManager), string(AzureDevOps), string(PipelineIdentity)}
	id := Identity{Kind: IdentityKind(choice("connectionType", in.ConnectionType, string(AWSOIDC), p, kinds...))}
	if in.ConnectionType != "" && in.ConnectionType != string(id.Kind) {
		return Identity{}, endpoint{} // which connection is meant is unknown
	}
	if id.Kind.azure() && in.EntraAudience != "" {
		entraAudience(in.EntraAudience, p)
	}
	input, value := in.connectionInput(id.Kind)
	if input == "" {
		return id, endpoint{}
	}
	id.ConnectionID = connectionID(input, value, p)
	if id.ConnectionID == "" {
		return id, endpoint{}
	}
	conn := endpoint{lookup, id.ConnectionID}
	if !conn.delivered() {
		p.add(input, "the agent delivered no connection %s to this step; select the connection in this input, and check that it exists and that this pipeline may use it", id.ConnectionID)
		return id, conn
	}
	if id.Kind.azure() {
		azureConnection(input, in, conn, &id, p)
	}
	return id, conn
}

func connectionID(input, value string, p *problems) string {
	id := strings.ToLower(value)
	switch {
	case value == "":
		p.add(input, "no service connection is selected")
		return ""
	case strings.Contains(value, ","):
		p.add(input, "one service connection is wanted, not a list")
		return ""
	case macro().MatchString(value):
		return ""
	case !guidPattern().MatchString(id):
		p.add(input, "%s is not the id of a service connection; a name would silently give the pipeline's own token", shown(value))
		return ""
	}
	return id
}

// azureConnection checks the parts of a connection with an Entra identity.
func azureConnection(input string, in Inputs, conn endpoint, id *Identity, p *problems) {
	if s := conn.scheme(); s != "" && !strings.EqualFold(s, "WorkloadIdentityFederation") {
		p.add(input, "the connection uses the scheme %s; a connection with workload identity federation is wanted", shown(s))
	}
	if in.EntraAudience == "" {
		return
	}
	cloud := conn.data("ENVIRONMENT")
	authority, known := authorities[cloud]
	if !known {
		p.add(input, "the connection's environment %s is not one of AzureCloud, AzureUSGovernment, AzureChinaCloud", shown(cloud))
	}
	id.Entra = &EntraExchange{Audience: in.EntraAudience, Authority: authority}
	id.Entra.TenantID = connectionGUID(input, conn, "TENANTID", "tenant id", p)
	id.Entra.ClientID = connectionGUID(input, conn, "SERVICEPRINCIPALID", "application (client) id", p)
}

func connectionGUID(input string, conn endpoint, name, words string, p *problems) string {
	v := strings.ToLower(conn.parameter(name))
	if !guidPattern().MatchString(v) {
		p.add(input, "the connection has no %s that is a GUID, which entraAudience needs", words)
	}
	return v
}

// refusedAudiences give tokens that must never reach AWS: the audience of every
// federation, Azure DevOps itself, Microsoft Graph.
var refusedAudiences = []string{
	"api://azureadtokenexchange",
	"fb60f99c-7a34-4190-8149-302f77469936",
	"499b84ac-1321-427f-aa17-267ca6975798",
	"00000003-0000-0000-c000-000000000000",
}

var audiencePattern = pattern.Lazy(`^(api://[^\s/]\S*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

func entraAudience(audience string, p *problems) {
	const input = "entraAudience"
	if macro().MatchString(audience) {
		return
	}
	low := strings.TrimRight(strings.ToLower(audience), "/")
	bare := strings.TrimPrefix(low, "api://")
	switch {
	case strings.HasSuffix(low, "/.default"):
		p.add(input, "give the audience without /.default; the task adds it")
		return
	case strings.HasPrefix(low, "api://azureadtokenexchange"):
		p.add(input, "%s is the audience of every federation and must not be shown to AWS; use an audience of your own", shown(audience))
		return
	case strings.Contains(low, "graph.microsoft"):
		p.add(input, "%s is Microsoft Graph; use an audience of your own", shown(audience))
		return
	case !audiencePattern().MatchString(low):
		p.add(input, "%s is neither an api:// URI nor a GUID", shown(audience))
		return
	}
	for _, r := range refusedAudiences {
		if low == r || bare == r || strings.HasPrefix(bare, r+"/") {
			p.add(input, "%s belongs to Microsoft and must not be shown to AWS; use an audience of your own", shown(audience))
		}
	}
}
