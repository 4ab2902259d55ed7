package claims

import (
	"errors"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// vstokenIssuer begins the issuer of every organisation's tokens; one key set
// serves all organisations.
const vstokenIssuer = "https://vstoken.dev.azure.com/"

// VSTokenIssuer is the issuer of Azure DevOps itself for an organisation's id.
func VSTokenIssuer(organisationID string) string {
	return vstokenIssuer + strings.ToLower(organisationID)
}

// OfVSToken reports whether the issuer is that of Azure DevOps itself, which Microsoft
// retires for connections that can be converted.
func OfVSToken(issuer string) bool { return strings.HasPrefix(issuer, vstokenIssuer) }

// EntraIssuer is the issuer of version 2 tokens of a tenant (public cloud).
func EntraIssuer(tenantID string) string {
	return "https://login.microsoftonline.com/" + strings.ToLower(tenantID) + "/v2.0"
}

// EntraIssuerV1 is the issuer of version 1 tokens of a tenant (public cloud). Its
// trailing slash belongs to the provider's URL and to the condition keys.
func EntraIssuerV1(tenantID string) string {
	return "https://sts.windows.net/" + strings.ToLower(tenantID) + "/"
}

// ErrGUID is returned for an id that is not a GUID.
var ErrGUID = errors.New("not a GUID")

var guid = pattern.Lazy(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// ValidGUID reports whether s is a GUID in its usual form, in either case.
func ValidGUID(s string) bool { return guid().MatchString(s) }
