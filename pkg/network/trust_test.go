package network

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

func TestTrust(t *testing.T) {
	t.Parallel()
	const shared, old, local = "https://dev.azure.com/Org/", "https://org.visualstudio.com/", "http://127.0.0.1:4000/"
	for _, tt := range []struct {
		system, url string
		want        bool
	}{
		{shared, "https://dev.azure.com/org/p/_apis", true},
		{shared, "https://DEV.AZURE.COM:443/ORG", true},
		{shared, "https://vsrm.dev.azure.com/org/", true},
		{shared, "https://org.visualstudio.com/p", true},
		{shared, "https://org.vsrm.visualstudio.com/", true},
		{old, "https://dev.azure.com/org/", true},
		{local, "http://127.0.0.1:4000/org/x", true},
		{local, "http://127.0.0.1:4001/", false},
		{local, "https://dev.azure.com/org/", false},
		{shared, "http://dev.azure.com/org/", false},
		{shared, "http://127.0.0.1:4000/", false},
		{shared, "https://dev.azure.com/other/", false},
		{shared, "https://dev.azure.com/", false},
		{shared, "https://dev.azure.com:8443/org/", false},
		{shared, "https://dev.azure.com/org/../other/", false},
		{shared, "https://dev.azure.com/org/%2e%2e/other/", false},
		{shared, "https://dev.azure.com/org%2fother/", false},
		{shared, "https://dev.azure.com./org/", false},
		{shared, "https://dev.azure.com.evil.org/org/", false},
		{shared, "https://dev.azure.com@evil.org/org/", false},
		{shared, "https://u:p@dev.azure.com/org/", false},
		{shared, "https://org.x.visualstudio.com/", false},
		{shared, "https://orgvisualstudio.com/", false},
		{shared, "//dev.azure.com/org/", false},
		{shared, "", false},
		{shared, "https://dev.azure.com/org/#f", false},
	} {
		trust, err := NewTrust(tt.system)
		if err != nil {
			t.Fatal(err)
		}
		_, err = trust.Check("System.OidcRequestUri", tt.url)
		if (err == nil) != tt.want {
			t.Errorf("%s for %s: error %v, want none: %v", tt.url, tt.system, err, tt.want)
		}
		if f, ok := fault.As(err); ok && f.Code != fault.HostUntrusted {
			t.Errorf("%s for %s: the fault is %s", tt.url, tt.system, f.Code)
		}
	}
	for _, bad := range []string{"", "x", "http://dev.azure.com/org", "https://u:canary@dev.azure.com/", "http://127.0.0.1.evil.org/"} {
		_, err := NewTrust(bad)
		f, ok := fault.As(err)
		if !ok || strings.Contains(f.Message(), "canary") {
			t.Errorf("system connection %q: %v", bad, err)
		}
		if ok && !strings.Contains(f.Message(), "Configure the agent with the https URL") {
			t.Errorf("system connection %q: the way out is missing: %s", bad, f.Message())
		}
	}
}

// TestTrustNamesBothPlaces: a refusal says where the URL leads and where the job belongs,
// with the organisation where many share a host.
func TestTrustNamesBothPlaces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ system, url, want string }{
		{"https://dev.azure.com/Org/", "https://dev.azure.com/other/p?q", "dev.azure.com (organisation other), but this job belongs to dev.azure.com (organisation org)"},
		{"https://dev.azure.com/org/", "https://evil.org/org/", "evil.org, but this job belongs to dev.azure.com (organisation org)"},
		{"https://ado.corp/tfs/", "https://ado.corp:8443/tfs/", "ado.corp:8443, but this job belongs to ado.corp"},
	} {
		trust, err := NewTrust(tt.system)
		if err != nil {
			t.Fatal(err)
		}
		_, err = trust.Check("System.OidcRequestUri", tt.url)
		f, _ := fault.As(err)
		if f == nil || f.Why != "it points to "+tt.want+"; the token was not sent anywhere." {
			t.Errorf("%s for %s: %v, want it to name %s", tt.url, tt.system, err, tt.want)
		}
	}
}

// TestTrustNeverLeavesTheOrganisation builds URLs of foreign hosts and organisations.
func TestTrustNeverLeavesTheOrganisation(t *testing.T) {
	t.Parallel()
	trust, err := NewTrust("https://dev.azure.com/org/")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.SampledFrom([]string{"dev.azure.com", "vsrm.dev.azure.com", "org.visualstudio.com", "o.visualstudio.com", "evil.org"}).Draw(t, "host")
		first := rapid.SampledFrom([]string{"org", "ORG", "other", "", "org.", "org "}).Draw(t, "first")
		got, err := trust.Check("x", "https://"+host+"/"+url.PathEscape(first)+"/p")
		right := host == "org.visualstudio.com" || strings.HasSuffix(host, "dev.azure.com") && strings.EqualFold(first, "org")
		if right && first == "" {
			return // an empty name leaves an empty part of the path, which may be refused
		}
		if (err == nil) != right {
			t.Fatalf("%q on %s is trusted: %v, error %v", first, host, got, err)
		}
	})
}
