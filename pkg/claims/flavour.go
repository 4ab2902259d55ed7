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

// Flavour is the kind of the token, by issuer and subject.
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
	if m := eid1().FindStringSubmatch(c.Subject); m != nil {
		if strings.HasPrefix(m[1], "sc/") {
			return EntraConnection
		}
		return EntraPipeline
	}
	if text(c.Raw, "ver") == "2.0" {
		return EntraAccessV2
	}
	return Unknown
}

// EntraSubject computes the subject of a service connection's token on the Entra
// issuer (public cloud) from the IDs of tenant, organisation and connection. The error
// is ErrGUID.
func EntraSubject(tenantID, organisationID, connectionID string) (string, error) {
	for _, id := range []string{tenantID, organisationID, connectionID} {
		if !ValidGUID(id) {
			return "", ErrGUID
		}
	}
	return "/eid1/c/pub/t/" + encodedGUID(tenantID) + "/a/" + encodedGUID(AzureDevOpsClientID) +
		"/sc/" + strings.ToLower(organisationID) + "/" + strings.ToLower(connectionID), nil
}

// encodedGUID is the base64url form, without padding, of a GUID's bytes in the
// order of .NET's Guid.ToByteArray: the first three groups reversed.
func encodedGUID(guid string) string {
	b, _ := hex.DecodeString(strings.ReplaceAll(guid, "-", "")) // a GUID's digits are hexadecimal
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return base64.RawURLEncoding.EncodeToString(b)
}
