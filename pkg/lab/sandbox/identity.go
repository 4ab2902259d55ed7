package sandbox

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

var guidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isGUID(s string) bool { return guidPattern.MatchString(s) }

func equalGUID(a, b string) bool { return isGUID(a) && strings.EqualFold(a, b) }

func (c Connection) azure() bool { return c.Kind == AzureResourceManager || c.Kind == AzureDevOps }

func (c Config) vstokenIssuer() string { return "https://vstoken.dev.azure.com/" + c.Organisation.ID }

func entraIssuer(tenant string) string { return entraIssuerAt(publicAuthority, tenant) }

func entraIssuerAt(authority, tenant string) string {
	return "https://" + authority + "/" + tenant + "/v2.0"
}

const publicAuthority = "login.microsoftonline.com"

// authorities are the hosts of Entra by the environment of an Azure connection
// (learn.microsoft.com/entra/identity-platform/authentication-national-cloud).
var authorities = map[string]string{
	"": publicAuthority, "AzureCloud": publicAuthority,
	"AzureUSGovernment": "login.microsoftonline.us", "AzureChinaCloud": "login.partner.microsoftonline.cn",
}

// authority is the host of Entra that knows the connection's tenant.
func (c Connection) authority() string { return authorities[c.Data["environment"]] }

func windowsIssuer(tenant string) string { return "https://sts.windows.net/" + tenant + "/" }

// issuerOf is the issuer of a connection's token.
func (c Config) issuerOf(conn Connection) string {
	if conn.azure() && conn.EntraIssuer {
		return entraIssuer(conn.TenantID)
	}
	return c.vstokenIssuer()
}

// subjectOf is the subject of a connection's token.
func (c Config) subjectOf(conn Connection) string {
	if conn.azure() && conn.EntraIssuer {
		return "/eid1/c/pub/t/" + dotNetBase64(conn.TenantID) + "/a/" + dotNetBase64(azureDevOpsApp) +
			"/sc/" + strings.ToLower(c.Organisation.ID) + "/" + strings.ToLower(conn.ID)
	}
	return "sc://" + c.Organisation.Name + "/" + c.Project.Name + "/" + conn.Name
}

func (c Config) pipelineSubject() string {
	return "p://" + c.Organisation.Name + "/" + c.Project.Name + "/" + c.Pipeline.Name
}

// dotNetBase64 encodes a GUID as base64url of the bytes of .NET's
// Guid.ToByteArray: the first three groups little-endian.
func dotNetBase64(guid string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(b) != 16 {
		return ""
	}
	order := [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	out := make([]byte, 16)
	for i, from := range order {
		out[i] = b[from]
	}
	return base64.RawURLEncoding.EncodeToString(out)
}
