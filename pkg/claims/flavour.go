package claims

import (
	"encoding/base64"
	"encoding/hex"
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

// Flavour tells the kind of the token by issuer and subject.
func (c UnverifiedClaims) Flavour() Flavour {
	vstoken := OfVSToken(c.Issuer)
	m := eid1().FindStringSubmatch(c.Subject)
	switch {
	case vstoken && strings.HasPrefix(c.Subject, "sc://"):
		return VSTokenConnection
	case vstoken && strings.HasPrefix(c.Subject, "p://"):
		return VSTokenPipeline
	case m != nil && entraV2(c.Issuer) && strings.HasPrefix(m[1], "sc/"):
		return EntraConnection
	case m != nil && entraV2(c.Issuer):
		return EntraPipeline
	case entraV2(c.Issuer) && text(c.Raw, "ver") == "2.0":
		return EntraAccessV2
	case strings.HasPrefix(c.Issuer, "https://sts.windows.net/") || strings.HasPrefix(c.Issuer, "https://sts.chinacloudapi.cn/"):
		return EntraAccessV1
	}
	return Unknown
}

// entraHosts issue version 2 tokens, one per cloud.
var entraHosts = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}

func entraV2(issuer string) bool {
	rest, https := strings.CutPrefix(issuer, "https://")
	host, path, _ := strings.Cut(rest, "/")
	return https && slices.Contains(entraHosts, host) && strings.HasSuffix(path, "/v2.0")
}

// EntraSubject computes the subject of a service connection's token on the Entra
// issuer (public cloud) from the ids of tenant, organisation and connection.
func EntraSubject(tenantID, organisationID, connectionID string) (string, error) {
	tenant, err := encodedGUID(tenantID)
	if err != nil || !ValidGUID(organisationID) || !ValidGUID(connectionID) {
		return "", ErrGUID
	}
	app, err := encodedGUID(AzureDevOpsClientID)
	return "/eid1/c/pub/t/" + tenant + "/a/" + app + "/sc/" + strings.ToLower(organisationID) + "/" + strings.ToLower(connectionID), err
}

// encodedGUID is the base64url form, without padding, of a GUID's bytes in the
// order of .NET's Guid.ToByteArray: the first three groups reversed.
func encodedGUID(s string) (string, error) {
	if !ValidGUID(s) {
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
