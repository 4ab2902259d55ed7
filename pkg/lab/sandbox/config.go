package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// ConnectionKind is the type of a service connection, named as the task's input
// connectionType names it.
type ConnectionKind string

// The kinds of service connection.
const (
	AWSOIDC              ConnectionKind = "awsOidc"
	AWSToolkit           ConnectionKind = "awsToolkit"
	AzureResourceManager ConnectionKind = "azureResourceManager"
	AzureDevOps          ConnectionKind = "azureDevOps"
)

// Named is something with a name and a GUID.
type Named struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Pipeline is the run whose job asks for tokens.
type Pipeline struct {
	Name         string `json:"name"`
	DefinitionID string `json:"definitionId"`
	RunID        string `json:"runId"`
	// HostType is System.HostType: build, release, deployment or gates.
	HostType string `json:"hostType"`
	// Hub is the segment of the token URL; empty means HostType.
	Hub    string `json:"hub"`
	PlanID string `json:"planId"`
	JobID  string `json:"jobId"`
	// Stage is System.StageName.
	Stage string `json:"stage"`
	// The repository claims of a pipeline token: rpo_id, rpo_uri, rpo_ver, rpo_ref.
	RepositoryID  string `json:"repositoryId"`
	RepositoryURI string `json:"repositoryUri"`
	Commit        string `json:"commit"`
	Ref           string `json:"ref"`
}

// Connection is one service connection of the project.
type Connection struct {
	Named
	Kind ConnectionKind `json:"kind"`
	// EntraIssuer makes the token come from Microsoft Entra rather than vstoken. It
	// applies to the two Azure kinds.
	EntraIssuer bool `json:"entraIssuer"`
	// Disabled and Unreferenced make the token endpoint refuse the connection.
	Disabled     bool `json:"disabled"`
	Unreferenced bool `json:"unreferenced"`
	// TenantID and ClientID are the Entra identity behind an Azure connection, and
	// ObjectID its service principal.
	TenantID string `json:"tenantId"`
	ClientID string `json:"clientId"`
	ObjectID string `json:"objectId"`
	// MultiTenant makes Entra refuse the identity with AADSTS70052.
	MultiTenant bool `json:"multiTenant"`
	// Data and Parameters become ENDPOINT_DATA_… and ENDPOINT_AUTH_PARAMETER_….
	Data       map[string]string `json:"data"`
	Parameters map[string]string `json:"parameters"`
}

// Federated is a federated credential of an Entra identity.
type Federated struct {
	ClientID string `json:"clientId"`
	Issuer   string `json:"issuer"`
	Subject  string `json:"subject"`
	Audience string `json:"audience"`
}

// AudienceApp is an application registered in a tenant as audience for AWS.
type AudienceApp struct {
	TenantID string `json:"tenantId"`
	ClientID string `json:"clientId"`
	// URI is the application ID URI, for example api://aws-sts-federation.
	URI string `json:"uri"`
	// TokenVersion is 1 or 2: requestedAccessTokenVersion of the manifest.
	TokenVersion int `json:"tokenVersion"`
}

// Account is an AWS account.
type Account struct {
	ID        string         `json:"id"`
	Providers []OIDCProvider `json:"providers"`
	Roles     []Role         `json:"roles"`
	// RegionDisabled makes STS answer RegionDisabledException for this account.
	RegionDisabled bool `json:"regionDisabled"`
}

// OIDCProvider is an IAM OpenID Connect provider.
type OIDCProvider struct {
	URL       string   `json:"url"`
	ClientIDs []string `json:"clientIds"`
}

// Role is an IAM role. Its account is that of its ARN.
type Role struct {
	ARN         string          `json:"arn"`
	TrustPolicy json.RawMessage `json:"trustPolicy"`
	// MaxSessionDuration is in seconds; 0 means IAM's default of 3600.
	MaxSessionDuration int `json:"maxSessionDuration"`
}

// ProxySettings describe the CONNECT proxy.
type ProxySettings struct {
	// Username and Password, when set, are required as Basic proxy authorization.
	Username string `json:"username"`
	Password string `json:"password"`
}

// Config describes the small world that the stand-ins show.
type Config struct {
	Organisation Named         `json:"organisation"`
	Project      Named         `json:"project"`
	Pipeline     Pipeline      `json:"pipeline"`
	Connections  []Connection  `json:"connections"`
	Federated    []Federated   `json:"federated"`
	Audiences    []AudienceApp `json:"audiences"`
	Accounts     []Account     `json:"accounts"`
	// Region is the region whose STS answers on loopback: the one that signatures
	// must name. Empty accepts every region.
	Region string `json:"region"`
	// SessionSeconds, when set, shortens what STS grants, whatever was asked for.
	SessionSeconds int `json:"sessionSeconds"`
	// SessionTokenBytes, when set, is the length of every session token that STS grants.
	SessionTokenBytes int `json:"sessionTokenBytes"`
	// VSTokenLength, when set, is the least length of an Azure DevOps token.
	VSTokenLength int `json:"vstokenLength"`
	// VSTokenSeconds is the life of an Azure DevOps token; 0 means 300.
	VSTokenSeconds int           `json:"vstokenSeconds"`
	Proxy          ProxySettings `json:"proxy"`
	// JobToken is what the token endpoint expects; empty means a random one.
	JobToken string `json:"-"`
	// UserAgent is the pattern of User-Agent that the client under test must send;
	// empty means `^assume-aws-role/\S+`.
	UserAgent string `json:"userAgent"`
	// RoundTripMillis is the round-trip time, in milliseconds, of everything that
	// goes through the proxy: the tunnel's set-up, which stands for that of a TCP
	// connection, takes one, and each direction delays what it carries by a half.
	RoundTripMillis int `json:"roundTripMillis"`
	// Documents replaces discovery and key documents by URL.
	Documents map[string]json.RawMessage `json:"documents"`
	// Before, when set, is called with the leg and the host of each request before it is
	// answered, the proxy's included. The answer waits until it returns.
	Before func(leg, host string) `json:"-"`
	// Now is the clock of every stand-in; nil means the real one.
	Now func() time.Time `json:"-"`
}

// Load reads a Config from a JSON file. What the file does not set stays as
// Default has it, with federated credentials and the account derived from the
// organisation and connections in force; unknown names are an error.
func Load(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading sandbox configuration: %w", err)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(data, &given); err != nil {
		return Config{}, fmt.Errorf("parsing sandbox configuration %s: %w", path, err)
	}
	cfg := defaultWorld()
	if _, ok := given["connections"]; ok {
		cfg.Connections = nil // decoding into a filled slice would mix the elements
	}
	if _, ok := given["audiences"]; ok {
		cfg.Audiences = nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&cfg); err != nil {
		return Config{}, fmt.Errorf("parsing sandbox configuration %s: %w", path, err)
	}
	return cfg.derive(), nil
}

// derive fills in the federated credentials and the account that follow from the
// organisation and its connections, where they are not given.
func (c Config) derive() Config {
	if c.Federated == nil {
		for _, conn := range c.Connections {
			if conn.azure() {
				c.Federated = append(c.Federated, Federated{conn.ClientID, c.issuerOf(conn), c.subjectOf(conn), tokenExchangeURI})
			}
		}
	}
	if c.Accounts == nil {
		c.Accounts = []Account{c.defaultAccount()}
	}
	return c
}

func (c Config) connection(id string) (Connection, bool) {
	for _, conn := range c.Connections {
		if equalGUID(conn.ID, id) {
			return conn, true
		}
	}
	return Connection{}, false
}

// Connection returns the connection of that name.
func (c Config) Connection(name string) (Connection, bool) {
	for _, conn := range c.Connections {
		if conn.Name == name {
			return conn, true
		}
	}
	return Connection{}, false
}

func (c Config) account(id string) (Account, bool) {
	for _, a := range c.Accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}

func (a Account) role(arn string) (Role, bool) {
	for _, r := range a.Roles {
		if r.ARN == arn {
			return r, true
		}
	}
	return Role{}, false
}
