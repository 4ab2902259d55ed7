package claims_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

const (
	guid  = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
	eid1  = "/eid1/c/pub/t/NJocfS5bYE-KkePAttL1hw/a/rISbSSETf0KqFyZ8ppdXmA/"
	entra = "https://login.microsoftonline.com/" + guid + "/v2.0"
)

func TestFlavour(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		issuer, subject, version string
		want                     claims.Flavour
		words                    string
	}{
		{"https://vstoken.dev.azure.com/" + guid, "sc://o/p/c", "", claims.VSTokenConnection, "service connection, Azure DevOps issuer"},
		{"https://vstoken.dev.azure.com/" + guid, "p://o/p/c", "", claims.VSTokenPipeline, "pipeline, Azure DevOps issuer"},
		{"https://vstoken.dev.azure.com/" + guid, "x://o/p/c", "", claims.Unknown, "token of an unknown kind"},
		{"https://vstoken.dev.azure.com.evil/" + guid, "sc://o/p/c", "", claims.Unknown, "token of an unknown kind"},
		{"http://vstoken.dev.azure.com/" + guid, "sc://o/p/c", "", claims.Unknown, "token of an unknown kind"},
		{entra, eid1 + "sc/" + guid + "/" + guid, "2.0", claims.EntraConnection, "service connection, Entra issuer"},
		{"https://login.microsoftonline.us/" + guid + "/v2.0", eid1 + "sc/o/c", "", claims.EntraConnection, "service connection, Entra issuer"},
		{entra, eid1 + "pl/h/x/d/y", "2.0", claims.EntraPipeline, "pipeline, Entra issuer"},
		{entra, eid1 + "sc/o", "2.0", claims.EntraAccessV2, "Entra access token, version 2"},
		{entra, guid, "2.0", claims.EntraAccessV2, "Entra access token, version 2"},
		{entra, guid, "1.0", claims.Unknown, "token of an unknown kind"},
		{"https://sts.windows.net/" + guid + "/", guid, "1.0", claims.EntraAccessV1, "Entra access token, version 1"},
		{"https://sts.chinacloudapi.cn/" + guid + "/", guid, "", claims.EntraAccessV1, "Entra access token, version 1"},
		{"https://ci.example", eid1 + "sc/o/c", "2.0", claims.Unknown, "token of an unknown kind"},
	} {
		got := claims.FromMap(map[string]any{"iss": tt.issuer, "sub": tt.subject, "ver": tt.version}).Flavour()
		if got != tt.want {
			t.Errorf("%s %s: got %v, want %v", tt.issuer, tt.subject, got, tt.want)
		}
		if got.String() != tt.words {
			t.Errorf("%d: words %q, want %q", got, got, tt.words)
		}
	}
}

func TestIssuerForm(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]string{
		"vstoken.dev.azure.com/" + guid:                       "",
		"vstoken.dev.azure.com/" + strings.ToUpper(guid):      "vstoken.dev.azure.com/<organisation ID>",
		"vstoken.dev.azure.com/" + guid + "/":                 "vstoken.dev.azure.com/<organisation ID>",
		"vstoken.dev.azure.com":                               "vstoken.dev.azure.com/<organisation ID>",
		"sts.windows.net/" + guid + "/":                       "",
		"sts.windows.net/" + guid:                             "sts.windows.net/<tenant ID>/",
		"login.microsoftonline.com/" + guid + "/v2.0":         "",
		"login.partner.microsoftonline.cn/" + guid + "/v2.0":  "",
		"login.microsoftonline.com/" + guid + "/v2.0/":        "login.microsoftonline.com/<tenant ID>/v2.0",
		"login.microsoftonline.com/" + guid + "/v2x0":         "login.microsoftonline.com/<tenant ID>/v2.0",
		"login.microsoftonline.com/common/v2.0":               "login.microsoftonline.com/<tenant ID>/v2.0",
		"ci.example/" + guid + "/anything":                    "",
		"evil.vstoken.dev.azure.com/x":                        "",
		"sts.windows.net.evil/" + guid:                        "",
		"login.microsoftonline.com/" + guid[1:] + "0x" + "/v": "login.microsoftonline.com/<tenant ID>/v2.0",
	} {
		got := claims.IssuerOf(provider).Malformed(provider)
		if accepted := want == ""; (got == "") != accepted || !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", provider, got, want)
		}
	}
}

// TestTimes reads the forms of a time that AWS STS accepts, and no time no clock reaches.
func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		value any
		want  time.Time
	}{
		{json.Number("1795392000"), at},
		{1795392000.0, at},
		{"1795392000", at},
		{json.Number("1795392000.9"), at},
		{json.Number("1e11"), time.Unix(1e11, 0).UTC()},
		{json.Number("-1e11"), time.Unix(-1e11, 0).UTC()},
		{json.Number("100000000001"), time.Time{}},
		{json.Number("1e99"), time.Time{}},
		{"NaN", time.Time{}},
		{"-Inf", time.Time{}},
		{"tomorrow", time.Time{}},
		{true, time.Time{}},
		{nil, time.Time{}},
	} {
		c := claims.FromMap(map[string]any{"iat": tt.value, "nbf": tt.value, "exp": tt.value})
		for name, got := range map[string]time.Time{"iat": c.IssuedAt, "nbf": c.NotBefore, "exp": c.Expires} {
			if !got.Equal(tt.want) {
				t.Errorf("%s %v: got %v, want %v", name, tt.value, got, tt.want)
			}
		}
	}
}

func TestAWSView(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		claims string
		want   claims.AWSView
	}{
		"one audience":      {`{"iss":"https://i/x/","sub":"s","aud":"a"}`, claims.AWSView{Provider: "i/x/", Subject: "s", Audience: "a"}},
		"a list of one":     {`{"iss":"https://i","sub":"s","aud":["a"]}`, claims.AWSView{Provider: "i", Subject: "s", Audience: "a"}},
		"azp":               {`{"iss":"https://i","sub":"s","aud":"a","azp":"z"}`, claims.AWSView{Provider: "i", Subject: "s", Audience: "z", OriginalAudience: "a"}},
		"several, with azp": {`{"iss":"https://i","sub":"s","aud":["a","b"],"azp":"z"}`, claims.AWSView{Provider: "i", Subject: "s", Audience: "z", OriginalAudience: "a"}},
		"several": {`{"iss":"https://i","sub":"s","aud":["a","b"]}`, claims.AWSView{
			Provider: "i", Subject: "s", Audience: "a", Refusal: "AWS always rejects this token: it has several audiences and no azp to choose one",
		}},
		"amr and email":     {`{"iss":"https://i","sub":"s","aud":"a","amr":["x",1,"y"],"email":"e"}`, claims.AWSView{Provider: "i", Subject: "s", Audience: "a", AMR: []string{"x", "y"}, Email: "e"}},
		"one amr":           {`{"iss":"https://i","sub":"s","aud":"a","amr":"x"}`, claims.AWSView{Provider: "i", Subject: "s", Audience: "a", AMR: []string{"x"}}},
		"nothing but a key": {`{"iss":"https://i"}`, claims.AWSView{Provider: "i"}},
		"http":              {`{"iss":"http://i"}`, claims.AWSView{Provider: "http://i", Refusal: "AWS rejects this token: its issuer is not an https URL"}},
		"no scheme":         {`{"iss":"i"}`, claims.AWSView{Provider: "i", Refusal: "AWS rejects this token: its issuer is not an https URL"}},
		"Google":            {`{"iss":"accounts.google.com"}`, claims.AWSView{Provider: "accounts.google.com"}},
	} {
		var raw map[string]any
		if err := json.Unmarshal([]byte(tt.claims), &raw); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, claims.FromMap(raw).AWS()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEntraSubjectNeedsIDs(t *testing.T) {
	t.Parallel()
	for _, ids := range [][3]string{{"x", guid, guid}, {guid, "x", guid}, {guid, guid, "x"}, {guid + "0", guid, guid}, {guid, guid, " " + guid}} {
		if got, err := claims.EntraSubject(ids[0], ids[1], ids[2]); err == nil || got != "" {
			t.Errorf("%v: got %q", ids, got)
		}
	}
	got, err := claims.EntraSubject("7D1C9A34-5b2e-4f60-8a91-e3c0b6d2f587", strings.ToUpper(guid), strings.ToUpper(guid))
	if want := eid1 + "sc/" + guid + "/" + guid; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// TestAudienceProblem: an audience of one's own is an api:// URI or a GUID.
func TestAudienceProblem(t *testing.T) {
	t.Parallel()
	for audience, want := range map[string]string{
		"api://aws-sts-federation":                    "",
		"API://AWS":                                   "",
		guid:                                          "",
		"api://" + guid + "/x":                        "",
		strings.ToUpper(guid):                         "",
		"api://x/.default":                            "must be given without /.default",
		"api://x/.default/":                           "must be given without /.default",
		"api://AzureADTokenExchange":                  "is the audience of every federation",
		"api://azureadtokenexchangeUSGov":             "is the audience of every federation",
		"https://graph.microsoft.com":                 "is Microsoft Graph",
		claims.MicrosoftGraph:                         "belongs to Microsoft",
		"api://" + claims.AzureDevOpsClientID:         "belongs to Microsoft",
		"api://" + claims.AzureDevOpsClientID + "/x":  "belongs to Microsoft",
		strings.ToUpper(claims.TokenExchangeResource): "belongs to Microsoft",
		claims.TokenExchangeResource + "/":            "belongs to Microsoft",
		"https://aws.example":                         "is neither an api:// URI nor a GUID",
		"api://":                                      "is neither an api:// URI nor a GUID",
		"api:///x":                                    "is neither an api:// URI nor a GUID",
		"api://a b":                                   "is neither an api:// URI nor a GUID",
		guid + "0":                                    "is neither an api:// URI nor a GUID",
		"":                                            "is neither an api:// URI nor a GUID",
	} {
		got := claims.AudienceProblem(audience)
		if accepted := want == ""; (got == "") != accepted || !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q, want %q", audience, got, want)
		}
	}
}

func TestIssuers(t *testing.T) {
	t.Parallel()
	upper := strings.ToUpper(guid)
	for got, want := range map[string]string{
		claims.VSTokenIssuer(upper): "https://vstoken.dev.azure.com/" + guid,
		claims.EntraIssuer(upper):   "https://login.microsoftonline.com/" + guid + "/v2.0",
		claims.EntraIssuerV1(upper): "https://sts.windows.net/" + guid + "/",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		provider := strings.TrimPrefix(want, "https://")
		if form := claims.IssuerOf(provider).Malformed(provider); form != "" {
			t.Errorf("%s: malformed: %s", want, form)
		}
		if claims.OfVSToken(want) != strings.HasPrefix(want, "https://vstoken.") {
			t.Errorf("%s: of Azure DevOps: %v", want, claims.OfVSToken(want))
		}
	}
	if claims.OfVSToken("https://vstoken.dev.azure.com.evil/x") {
		t.Error("a host that only begins like the issuer's is taken for it")
	}
}
