package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestHosts reaches every real host name through the proxy with certificates of
// the sandbox's authority.
func TestHosts(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	client := proxied(t, s, nil)
	path := "/contoso-eng/" + s.tokenPath()
	for target, want := range map[string]int{
		"https://dev.azure.com" + path:                                         400, // no api-version
		"https://vsrm.dev.azure.com" + path:                                    400,
		"https://contoso-eng.visualstudio.com/" + s.tokenPath():                400,
		"https://sts.eu-west-1.amazonaws.com/":                                 400,
		"https://sts-fips.us-east-1.amazonaws.com/":                            400,
		"https://sts.cn-north-1.amazonaws.com.cn/":                             400,
		"https://sts.eu-west-1.api.aws/":                                       400,
		"https://sts.amazonaws.com/":                                           400,
		"https://vpce-0a1b-c2d3.sts.eu-west-1.vpce.amazonaws.com/":             400,
		"https://vstoken.dev.azure.com/nowhere":                                404,
		"https://login.microsoftonline.com/" + defaultTenant + "/v2.0/nowhere": 404,
	} {
		r := request(t, http.MethodPost, target, "")
		r.Header.Set("Authorization", "Bearer "+s.JobToken)
		if !strings.Contains(target, "oidctoken") {
			r.Header.Del("Authorization")
		}
		r.Header.Set("X-TFS-FedAuthRedirect", "Suppress")
		if got := send(t, client, r); got.status != want {
			t.Errorf("%s: status %d, want %d: %s", target, got.status, want, got.body)
		}
	}
	noViolations(t, s)
}

// TestDocuments follows discovery to the keys, as AWS does, over TLS.
func TestDocuments(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	client := proxied(t, s, nil)
	for target, text := range map[string]string{
		s.cfg.vstokenIssuer() + "/.well-known/openid-configuration":                   `"jwks_uri":"https://vstoken.dev.azure.com/.well-known/jwks"`,
		"https://vstoken.dev.azure.com/.well-known/jwks":                              `"kty":"RSA"`,
		entraIssuer(defaultTenant) + "/.well-known/openid-configuration":              `"issuer":"` + entraIssuer(defaultTenant) + `"`,
		windowsIssuer(defaultTenant) + ".well-known/openid-configuration":             `"issuer":"` + windowsIssuer(defaultTenant) + `"`,
		"https://login.microsoftonline.com/" + defaultTenant + "/discovery/v2.0/keys": `"kid":`,
	} {
		contain(t, send(t, client, request(t, http.MethodGet, target, "")), 200, text)
		plain := s.DocumentsURL + strings.TrimPrefix(target, "https://")
		contain(t, send(t, direct(t), request(t, http.MethodGet, plain, "")), 200, text)
	}
	contain(t, send(t, direct(t), request(t, http.MethodGet, s.DocumentsURL+"nowhere/x", "")), 404)
}

func TestProxyRules(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Proxy = ProxySettings{Username: "me", Password: "p@ss:word"}
	s := start(t, cfg)
	get := func(target string, user *url.Userinfo) error {
		response, err := proxied(t, s, user).Do(request(t, http.MethodGet, target, ""))
		if err == nil {
			_ = response.Body.Close() // only the connection is of interest
		}
		return err
	}
	good := url.UserPassword("me", "p@ss:word")
	if err := get("https://sts.amazonaws.com/", good); err != nil {
		t.Error(err)
	}
	for target, user := range map[string]*url.Userinfo{
		"https://sts.amazonaws.com/": nil, "https://dev.azure.com/": url.UserPassword("me", "other"), "https://example.com/": good, "https://sts.amazonaws.com:444/": good,
	} {
		if err := get(target, user); err == nil {
			t.Errorf("%s: let through", target)
		}
	}
	statuses := map[int]int{}
	for _, r := range s.Requests(LegProxy) {
		statuses[r.Status]++
	}
	if diff := cmp.Diff(map[int]int{200: 1, 407: 2, 502: 2}, statuses); diff != "" {
		t.Error(diff)
	}
}

// TestRoundTrips wants a cold request to take three round trips at least —
// connection, TLS 1.3, request — and the next, on the same connection, one.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	const trip = 50 * time.Millisecond
	cfg := Default()
	cfg.RoundTripMillis = int(trip.Milliseconds())
	s := start(t, cfg)
	client := proxied(t, s, nil)
	for _, least := range []time.Duration{3 * trip, trip} {
		began := time.Now()
		contain(t, send(t, client, request(t, http.MethodGet, s.cfg.vstokenIssuer()+"/.well-known/openid-configuration", "")), 200)
		if took := time.Since(began); took < least {
			t.Errorf("took %s, less than %s", took, least)
		}
	}
	if n := len(s.Requests(LegProxy)); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// TestPartition wants STS of one partition to know no roles of another.
func TestPartition(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	for host, want := range map[string]int{"sts.eu-west-1.amazonaws.com": 200, "sts.cn-north-1.amazonaws.com.cn": 400, "sts.us-gov-west-1.amazonaws.com": 400} {
		form := url.Values{
			"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {roleARN("deploy")},
			"RoleSessionName": {"payments-98765"}, "WebIdentityToken": {token(t, s, "")},
		}
		r := request(t, http.MethodPost, "https://"+host+"/", form.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		contain(t, send(t, proxied(t, s, nil), r), want)
	}
}

// TestForbiddenPlaces wants violations from clients that go where they must not.
func TestForbiddenPlaces(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	send(t, direct(t), request(t, http.MethodGet, s.MetadataURL+"/latest/meta-data/iam/security-credentials/", ""))
	send(t, proxied(t, s, nil), request(t, http.MethodGet, "http://example.com/", ""))
	r := request(t, http.MethodConnect, s.ProxyURL, "")
	r.Host = "127.0.0.1:443"
	contain(t, send(t, direct(t), r), 403)
	if got := s.Violations(); len(got) != 3 {
		t.Errorf("violations: %q", got)
	}
}
