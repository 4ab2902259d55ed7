package claims

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// Flavour is the kind of a token, told from the token itself.
type Flavour int

// The flavours that are known. A token of any other kind is Unknown.
const (
	Unknown Flavour = iota
	VSTokenConnection
	VSTokenPipeline
	EntraConnection
	EntraPipeline
	EntraAccessV1
	EntraAccessV2
)

// Well-known applications of Microsoft in Entra tokens.
const (
	// AzureDevOpsClientID is Azure DevOps itself: azp of a connection's token.
	AzureDevOpsClientID = "499b84ac-1321-427f-aa17-267ca6975798"
	// TokenExchangeResource is the resource behind api://AzureADTokenExchange.
	TokenExchangeResource = "fb60f99c-7a34-4190-8149-302f77469936"
	// TokenExchangeAudience is the audience of every token of Azure DevOps' own issuer.
	TokenExchangeAudience = "api://AzureADTokenExchange"
)

// String says the flavour in words.
func (f Flavour) String() string {
	switch f {
	case VSTokenConnection:
		return "service connection, Azure DevOps issuer"
	case VSTokenPipeline:
		return "pipeline, Azure DevOps issuer"
	case EntraConnection:
		return "service connection, Entra issuer"
	case EntraPipeline:
		return "pipeline, Entra issuer"
	case EntraAccessV1:
		return "Entra access token, version 1"
	case EntraAccessV2:
		return "Entra access token, version 2"
	case Unknown:
	}
	return "token of an unknown kind"
}

// eid1 is the subject of a token that Entra issues for something of Azure DevOps.
var eid1 = pattern.Lazy(`^/eid1/c/[^/\s]+/t/[^/\s]+/a/[^/\s]+/(sc/[^/\s]+/[^/\s]+|pl/[^\s]+)$`)

// Issuer is the party that signs a token.
type Issuer int

// The issuers that are known. Any other is OtherIssuer.
const (
	OtherIssuer Issuer = iota
	// AzureDevOpsIssuer is Azure DevOps itself: one key set serves all organisations.
	AzureDevOpsIssuer
	EntraV1Issuer
	EntraV2Issuer
)

// Hosts of issuers. Microsoft Entra has one for each cloud.
var (
	vstokenHost  = "vstoken.dev.azure.com"
	entraV1Hosts = []string{"sts.windows.net", "sts.chinacloudapi.cn"}
	entraV2Hosts = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}
)

// IssuerOf tells an issuer by the host of its provider: the URL without https://.
func IssuerOf(provider string) Issuer {
	host, _, _ := strings.Cut(provider, "/")
	switch {
	case host == vstokenHost:
		return AzureDevOpsIssuer
	case slices.Contains(entraV1Hosts, host):
		return EntraV1Issuer
	case slices.Contains(entraV2Hosts, host):
		return EntraV2Issuer
	}
	return OtherIssuer
}

// Paths of the issuers of one organisation and of one tenant.
var (
	vstokenPath = pattern.Lazy(`^[^/]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	entraV1Path = pattern.Lazy(`^[^/]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/$`)
	entraV2Path = pattern.Lazy(`^[^/]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2\.0$`)
)

// Malformed says what the provider of an issuer must look like when it does not; a
// token's issuer never equals such a provider. It is empty for OtherIssuer.
func (i Issuer) Malformed(provider string) string {
	switch {
	case i == AzureDevOpsIssuer && !vstokenPath().MatchString(provider):
		return vstokenHost + "/<organisation ID>, with the ID in lower case and without a trailing slash"
	case i == EntraV1Issuer && !entraV1Path().MatchString(provider):
		return "sts.windows.net/<tenant ID>/, with the ID in lower case and a trailing slash"
	case i == EntraV2Issuer && !entraV2Path().MatchString(provider):
		return "login.microsoftonline.com/<tenant ID>/v2.0, with the ID in lower case and without a trailing slash"
	}
	return ""
}

// Flavour tells the kind of the token by issuer and subject.
func (c UnverifiedClaims) Flavour() Flavour {
	provider, https := strings.CutPrefix(c.Issuer, "https://")
	if !https {
		return Unknown
	}
	switch IssuerOf(provider) {
	case AzureDevOpsIssuer:
		return vstokenFlavour(c.Subject)
	case EntraV1Issuer:
		return EntraAccessV1
	case EntraV2Issuer:
		return c.entraV2Flavour()
	case OtherIssuer:
	}
	return Unknown
}

func vstokenFlavour(subject string) Flavour {
	switch {
	case strings.HasPrefix(subject, "sc://"):
		return VSTokenConnection
	case strings.HasPrefix(subject, "p://"):
		return VSTokenPipeline
	}
	return Unknown
}

func (c UnverifiedClaims) entraV2Flavour() Flavour {
	m := eid1().FindStringSubmatch(c.Subject)
	switch {
	case m != nil && strings.HasPrefix(m[1], "sc/"):
		return EntraConnection
	case m != nil:
		return EntraPipeline
	case text(c.Raw, "ver") == "2.0":
		return EntraAccessV2
	}
	return Unknown
}

// ErrGUID is returned for an id that is not a GUID.
var ErrGUID = errors.New("not a GUID")

var guid = pattern.Lazy(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// EntraSubject computes the subject of a service connection's token on the Entra
// issuer (public cloud) from the ids of tenant, organisation and connection.
func EntraSubject(tenantID, organisationID, connectionID string) (string, error) {
	tenant, err := encodedGUID(tenantID)
	if err != nil || !guid().MatchString(organisationID) || !guid().MatchString(connectionID) {
		return "", ErrGUID
	}
	app, err := encodedGUID(AzureDevOpsClientID)
	return "/eid1/c/pub/t/" + tenant + "/a/" + app + "/sc/" + strings.ToLower(organisationID) + "/" + strings.ToLower(connectionID), err
}

// encodedGUID is the base64url form, without padding, of a GUID's bytes in the
// order of .NET's Guid.ToByteArray: the first three groups reversed.
func encodedGUID(s string) (string, error) {
	if !guid().MatchString(s) {
		return "", ErrGUID
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil {
		return "", ErrGUID
	}
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return base64.RawURLEncoding.EncodeToString(b), nil
}
