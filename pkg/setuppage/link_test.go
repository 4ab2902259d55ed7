package setuppage_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
)

const (
	orgID     = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
	otherID   = "99999999-3d1b-4e6a-9b7e-5c2d41a09f13"
	tenant    = "7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587"
	issuer    = "https://vstoken.dev.azure.com/" + orgID
	subject   = "sc://contoso-eng/payments/aws-prod"
	deploy    = "arn:aws:iam::111122223333:role/deploy"
	extension = "assume-aws-role.assume-aws-role"
)

func denial() setuppage.Denial {
	return setuppage.Denial{Issuer: issuer, Subject: subject, Audience: claims.TokenExchangeAudience, Role: deploy, Code: "AAR-STS-ACCESS-DENIED"}
}

func fragmentOf(link string) string {
	_, fragment, _ := strings.Cut(link, "#")
	return fragment
}

func TestLinkLeadsToTheHub(t *testing.T) {
	t.Parallel()
	for collection, want := range map[string]string{
		"https://dev.azure.com/contoso-eng/":       "https://dev.azure.com/contoso-eng/São%20Paulo%20%2F%20%231/_settings/assume-aws-role.assume-aws-role.setup#denial=",
		"https://contoso-eng.visualstudio.com":     "https://contoso-eng.visualstudio.com/São%20Paulo%20%2F%20%231/_settings/assume-aws-role.assume-aws-role.setup#denial=",
		"http://127.0.0.1:8080/contoso-eng/":       "http://127.0.0.1:8080/contoso-eng/São%20Paulo%20%2F%20%231/_settings/assume-aws-role.assume-aws-role.setup#denial=",
		"https://dev.azure.com/an%20organisation/": "https://dev.azure.com/an%20organisation/São%20Paulo%20%2F%20%231/_settings/assume-aws-role.assume-aws-role.setup#denial=",
	} {
		got := setuppage.Link(setuppage.Address{Collection: collection, Project: "São Paulo / #1", Extension: extension}, denial())
		want = strings.ReplaceAll(want, "ã", "%C3%A3")
		if !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want a link that begins with %s", got, want)
		}
	}
}

func TestNoLinkWithoutItsParts(t *testing.T) {
	t.Parallel()
	whole := setuppage.Address{Collection: "https://dev.azure.com/contoso-eng/", Project: "payments", Extension: extension}
	for name, without := range map[string]func(*setuppage.Address){
		"collection": func(a *setuppage.Address) { a.Collection = "" },
		"project":    func(a *setuppage.Address) { a.Project = "" },
		"extension":  func(a *setuppage.Address) { a.Extension = "" },
	} {
		a := whole
		without(&a)
		if got := setuppage.Link(a, denial()); got != "" {
			t.Errorf("without %s: %s", name, got)
		}
	}
}

func TestFragmentRoundTrip(t *testing.T) {
	t.Parallel()
	twoHop := setuppage.Denied(claims.FromMap(map[string]any{
		"iss": "https://login.microsoftonline.com/" + tenant + "/v2.0", "sub": "object", "aud": "application", "azp": "client",
	}), deploy, "AAR-STS-AUDIENCE")
	if twoHop.Audience != "client" || twoHop.OriginalAudience != "application" {
		t.Errorf("audiences %q and %q, want those that AWS sees", twoHop.Audience, twoHop.OriginalAudience)
	}
	named := denial()
	named.Subject = "sc://contoso-eng/São Paulo/a<b>&\"c\" 日本"
	for _, want := range []setuppage.Denial{denial(), twoHop, named} {
		link := setuppage.Link(setuppage.Address{Collection: "https://dev.azure.com/o", Project: "p", Extension: "e.x"}, want)
		for _, fragment := range []string{fragmentOf(link), "#" + fragmentOf(link)} {
			got, ok := setuppage.FromFragment(fragment)
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("FromFragment(%q) reports %v (-want +got):\n%s", fragment, ok, diff)
			}
		}
	}
}

func TestClaimsOfADenialAreWhatAWSSaw(t *testing.T) {
	t.Parallel()
	for _, c := range []map[string]any{
		{"iss": issuer, "sub": subject, "aud": claims.TokenExchangeAudience},
		{"iss": "https://login.microsoftonline.com/" + tenant + "/v2.0", "sub": "object", "aud": "application", "azp": "client"},
	} {
		want := claims.FromMap(c)
		got := setuppage.Denied(want, deploy, "").Claims()
		if diff := cmp.Diff(want.AWS(), got.AWS()); diff != "" {
			t.Errorf("what AWS sees (-want +got):\n%s", diff)
		}
	}
}

// TestLongestFragment: the length of a link is bounded, at 4096 characters of it.
func TestLongestFragment(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int]bool{3072: true, 3073: false} {
		document := `{"iss":"i","aud":"a","sub":"s"}`
		fragment := "denial=" + base64.RawURLEncoding.EncodeToString([]byte(document+strings.Repeat(" ", bytes-len(document))))
		if _, ok := setuppage.FromFragment(fragment); ok != want {
			t.Errorf("%d bytes in %d characters are read: %v, want %v", bytes, len(fragment)-len("denial="), ok, want)
		}
	}
}

func TestFragmentsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	encoded := func(document string) string {
		return "denial=" + base64.RawURLEncoding.EncodeToString([]byte(document))
	}
	for name, fragment := range map[string]string{
		"empty":             "",
		"another key":       "path=/x",
		"not base64":        "denial=***",
		"not JSON":          encoded("x"),
		"a list":            encoded("[]"),
		"no subject":        encoded(`{"iss":"i","aud":"a"}`),
		"a number":          encoded(`{"iss":"i","sub":1,"aud":"a"}`),
		"a line break":      encoded(`{"iss":"i","sub":"s\nx","aud":"a"}`),
		"turned writing":    encoded(`{"iss":"i","sub":"s\u202ex","aud":"a"}`),
		"an invisible mark": encoded(`{"iss":"i","sub":"s\u200bx","aud":"a"}`),
		"not UTF-8":         encoded("{\"iss\":\"i\",\"sub\":\"s\xff\",\"aud\":\"a\"}"),
		"too long":          encoded(`{"iss":"i","sub":"` + strings.Repeat("s", 4096) + `","aud":"a"}`),
	} {
		if d, ok := setuppage.FromFragment(fragment); ok {
			t.Errorf("%s: taken as %+v", name, d)
		}
	}
}

func TestAccountStaysOutOfALink(t *testing.T) {
	t.Parallel()
	d := denial().WithoutAccount()
	if want := "arn:aws:iam:::role/deploy"; d.Role != want {
		t.Errorf("role %q, want %q", d.Role, want)
	}
	link := setuppage.Link(setuppage.Address{Collection: "https://dev.azure.com/o", Project: "p", Extension: "e.x"}, d)
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(fragmentOf(link), "denial="))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "111122223333") {
		t.Errorf("the link holds the account: %s", data)
	}
}

func FuzzFromFragment(f *testing.F) {
	f.Add(fragmentOf(setuppage.Link(setuppage.Address{Collection: "https://dev.azure.com/o", Project: "p", Extension: "e.x"}, denial())))
	f.Add("#denial=e30")
	f.Fuzz(func(t *testing.T, fragment string) {
		d, ok := setuppage.FromFragment(fragment)
		if !ok {
			return
		}
		link := setuppage.Link(setuppage.Address{Collection: "https://dev.azure.com/o", Project: "p", Extension: "e.x"}, d)
		if again, ok := setuppage.FromFragment(fragmentOf(link)); !ok || again != d {
			t.Errorf("%q gives %+v, then %+v", fragment, d, again)
		}
	})
}
