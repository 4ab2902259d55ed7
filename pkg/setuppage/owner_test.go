package setuppage_test

import (
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
)

const connection = "3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954"

var host = setuppage.Host{Org: "contoso-eng", OrgID: orgID, Project: "payments"}

func entraSubject(t *testing.T, tenant, org string) string {
	t.Helper()
	s, err := claims.EntraSubject(tenant, org, connection)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A log and a link can come from a stranger: only an identity whose issuer and subject
// are both the host's may be offered a statement.
func TestOwner(t *testing.T) {
	t.Parallel()
	const entra = "https://login.microsoftonline.com/" + tenant + "/v2.0"
	for name, tt := range map[string]struct {
		issuer, subject string
		ours            bool
		says            string
	}{
		"a connection":                       {issuer, subject, true, "The service connection “aws-prod” of the project “payments” of this organisation."},
		"a connection with a slash":          {issuer, "sc://contoso-eng/payments/a/b", true, "“a/b”"},
		"a pipeline":                         {issuer, "p://contoso-eng/payments/deploy", true, "The pipeline “deploy”"},
		"another case of the organisation":   {issuer, "sc://Contoso-Eng/payments/aws-prod", true, "of this organisation"},
		"another project":                    {issuer, "sc://contoso-eng/other/aws-prod", true, "It is not the project whose settings you are looking at."},
		"another issuer, own name":           {"https://vstoken.dev.azure.com/" + otherID, subject, false, "another organisation: “contoso-eng”, with the ID " + otherID},
		"another issuer and name":            {"https://vstoken.dev.azure.com/" + otherID, "sc://evil/payments/aws-prod", false, "another organisation: “evil”"},
		"own issuer, another name":           {issuer, "sc://evil/payments/aws-prod", false, "names the organisation “evil”"},
		"own name as a prefix":               {issuer, "sc://contoso-eng-evil/payments/aws-prod", false, "“contoso-eng-evil”"},
		"issuer with a path":                 {issuer + "/x", subject, false, "another organisation"},
		"issuer in upper case":               {strings.ToUpper(issuer), subject, false, "does not belong to “contoso-eng”"},
		"issuer of a stranger":               {"https://vstoken.dev.azure.com.evil.example/" + orgID, subject, false, "does not belong to “contoso-eng”"},
		"issuer that ends in ours":           {"https://evil.example/" + issuer, subject, false, "does not belong to “contoso-eng”"},
		"subject without a name":             {issuer, "sc://contoso-eng/payments", false, "does not belong"},
		"wildcard subject":                   {issuer, "*", false, "does not belong"},
		"a connection on Entra":              {entra, entraSubject(t, tenant, orgID), true, "in the Entra tenant " + tenant + ". Check that this is your tenant."},
		"on Entra, another organisation":     {entra, entraSubject(t, tenant, otherID), false, "another organisation, with the ID " + otherID},
		"on Entra, another tenant's subject": {entra, entraSubject(t, otherID, orgID), false, "does not issue"},
		"on Entra, another application":      {entra, strings.Replace(entraSubject(t, tenant, orgID), "/a/rISb", "/a/xISb", 1), false, "does not issue"},
		"on Entra, more than a connection":   {entra, entraSubject(t, tenant, orgID) + "/x", false, "does not say"},
		"Entra access token":                 {entra, "c2a8f613-7e50-4d9b-8a3c-16b4d9f0e725", false, "does not say which organisation"},
		"Entra access token, version 1":      {"https://sts.windows.net/" + tenant + "/", "c2a8f613-7e50-4d9b-8a3c-16b4d9f0e725", false, "does not say which organisation"},
		"Entra issuer with more behind":      {entra + "/x", entraSubject(t, tenant, orgID), false, "does not belong"},
		"names at Entra":                     {entra, subject, false, "does not say which organisation"},
		"ids at Azure DevOps":                {issuer, entraSubject(t, tenant, orgID), false, "does not belong"},
	} {
		got := host.Owner(setuppage.Denial{Issuer: tt.issuer, Subject: tt.subject, Audience: "a"})
		if got.Ours != tt.ours {
			t.Errorf("%s: ours %v, want %v", name, got.Ours, tt.ours)
		}
		if !strings.Contains(got.Text, tt.says) {
			t.Errorf("%s: %q lacks %q", name, got.Text, tt.says)
		}
	}
}
