package claims

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

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

// vstokenIssuer begins the issuer of every organisation's tokens; one key set
// serves all organisations.
const vstokenIssuer = "https://vstoken.dev.azure.com/"

// Hosts of Microsoft Entra, one for each cloud.
var (
	entraV1Hosts = []string{"sts.windows.net", "sts.chinacloudapi.cn"}
	entraV2Hosts = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}
)

// IssuerOf is the issuer of a provider, the URL without https://, by its host.
func IssuerOf(provider string) Issuer {
	if OfVSToken("https://" + provider + "/") {
		return AzureDevOpsIssuer
	}
	host, _, _ := strings.Cut(provider, "/")
	if slices.Contains(entraV1Hosts, host) {
		return EntraV1Issuer
	}
	if slices.Contains(entraV2Hosts, host) {
		return EntraV2Issuer
	}
	return OtherIssuer
}

// forms are those of the issuer of one organisation or of one tenant.
var forms = map[Issuer]struct {
	pattern func() *regexp.Regexp
	words   string
}{
	AzureDevOpsIssuer: {
		pattern.Lazy(`^[^/]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
		"vstoken.dev.azure.com/<organisation ID>, with the ID in lower case and without a trailing slash",
	},
	EntraV1Issuer: {
		pattern.Lazy(`^[^/]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/$`),
		"sts.windows.net/<tenant ID>/, with the ID in lower case and a trailing slash",
	},
	EntraV2Issuer: {
		pattern.Lazy(`^[^/]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2\.0$`),
		"login.microsoftonline.com/<tenant ID>/v2.0, with the ID in lower case and without a trailing slash",
	},
}

// Malformed says what the provider of an issuer must look like when it does not; a
// token's issuer never equals such a provider. It is empty for OtherIssuer.
func (i Issuer) Malformed(provider string) string {
	form, known := forms[i]
	if !known || form.pattern().MatchString(provider) {
		return ""
	}
	return form.words
}

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
