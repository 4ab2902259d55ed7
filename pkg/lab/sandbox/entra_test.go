package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// exchange asks Entra for a token, through the proxy, under its real name.
func exchange(t *testing.T, s *Sandbox, assertion string, change func(url.Values)) reply {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {defaultCaller}, "client_assertion": {assertion},
		"client_assertion_type": {assertionType}, "scope": {"api://aws-sts-federation/.default"},
	}
	if change != nil {
		change(form)
	}
	r := request(t, http.MethodPost, "https://login.microsoftonline.com/"+defaultTenant+"/oauth2/v2.0/token", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, proxied(t, s, nil), r)
}

func set(name, value string) func(url.Values) { return func(f url.Values) { f.Set(name, value) } }

// TestExchange takes both token versions on to STS.
func TestExchange(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ connection, scope, audience string }{
		"version 2":           {"azure-prod", "api://aws-sts-federation/.default", defaultCaller},
		"version 2, by GUID":  {"azure-prod", defaultAudience + "/.default", defaultCaller},
		"version 1":           {"ado-prod", "api://aws-sts-federation-v1/.default", "api://aws-sts-federation-v1"},
		"from the old issuer": {"azure-old", "api://aws-sts-federation/.default", defaultCaller},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Default())
			got := exchange(t, s, token(t, s, connectionID(t, tc.connection)), set("scope", tc.scope))
			contain(t, got, 200, `"token_type":"Bearer"`)
			contain(t, webIdentity(t, s, accessToken(t, got), "deploy"), 200, "<Audience>"+tc.audience+"<", defaultObject)
			noViolations(t, s)
			if proxy := s.Requests(LegProxy); len(proxy) != 1 || proxy[0].Host != "login.microsoftonline.com:443" {
				t.Errorf("proxy saw %+v", proxy)
			}
		})
	}
}

// TestExchangeRefused is one row an AADSTS number.
func TestExchangeRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		world  func(*Config)
		form   func(url.Values)
		status int
		number string
	}{
		"issuer":        {func(c *Config) { c.Federated = federated("https://other", "x", tokenExchangeURI) }, nil, 401, "700211"},
		"subject":       {func(c *Config) { c.Federated = federated(entraIssuer(defaultTenant), "x", tokenExchangeURI) }, nil, 401, "700213"},
		"audience":      {func(c *Config) { c.Federated[0].Audience = tokenExchangeResource }, nil, 401, "700214"},
		"none":          {func(c *Config) { c.Federated = []Federated{} }, nil, 401, "70021"},
		"multi-tenant":  {func(c *Config) { c.Connections[3].MultiTenant = true }, nil, 400, "70052"},
		"no resource":   {nil, set("scope", "api://nobody/.default"), 400, "500011"},
		"unknown app":   {nil, set("client_id", defaultAudience), 400, "700016"},
		"scope":         {nil, set("scope", "api://aws-sts-federation"), 400, "1002012"},
		"grant":         {nil, set("grant_type", "password"), 400, "70003"},
		"type":          {nil, set("client_assertion_type", "x"), 400, "900144"},
		"bad signature": {nil, set("client_assertion", "eyJhbGciOiJub25lIn0.e30."), 401, "50027"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Default()
			if tc.world != nil {
				tc.world(&cfg)
			}
			s := start(t, cfg)
			got := exchange(t, s, token(t, s, connectionID(t, "azure-prod")), tc.form)
			contain(t, got, tc.status, "AADSTS"+tc.number+": ", `"error_codes":[`+tc.number+`]`)
			noViolations(t, s)
		})
	}
}

func federated(issuer, subject, audience string) []Federated {
	return []Federated{{defaultCaller, issuer, subject, audience}}
}

// TestExchangeForeignAudience wants a token that is meant for somebody else to be
// refused although issuer and subject match.
func TestExchangeForeignAudience(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	conn, _ := s.cfg.Connection("azure-old")
	foreign := s.Token(map[string]any{
		"iss": s.cfg.vstokenIssuer(), "sub": s.cfg.subjectOf(conn), "aud": "api://other", "exp": time.Now().Unix() + 300,
	}, newSigner().hexName())
	contain(t, exchange(t, s, foreign, nil), 401, "AADSTS700214: ")
}

func TestExchangeExpired(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	past := time.Now().Add(-time.Hour).Unix()
	old := s.Token(map[string]any{"iss": s.cfg.vstokenIssuer(), "sub": "x", "aud": tokenExchangeURI, "exp": past}, newSigner().hexName())
	contain(t, exchange(t, s, old, nil), 401, "AADSTS700024: ")
}

// TestExchangeViolations wants secrets that have no business here to be noticed.
func TestExchangeViolations(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	exchange(t, s, s.JobToken, set("client_secret", "x"))
	if got := s.Violations(); len(got) != 2 {
		t.Errorf("violations: %q", got)
	}
}

// TestNationalClouds wants every tenant to be known to its own cloud only.
func TestNationalClouds(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	client := proxied(t, s, nil)
	for name, own := range map[string]string{"azure-gov": "login.microsoftonline.us", "azure-china": "login.partner.microsoftonline.cn"} {
		conn, _ := s.cfg.Connection(name)
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {conn.ClientID}, "client_assertion": {token(t, s, conn.ID)},
			"client_assertion_type": {assertionType}, "scope": {"api://aws-sts-federation/.default"},
		}
		for _, host := range []string{publicAuthority, own} {
			r := request(t, http.MethodPost, "https://"+host+"/"+conn.TenantID+"/oauth2/v2.0/token", form.Encode())
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			got := send(t, client, r)
			if host != own {
				contain(t, got, 400, "AADSTS90002: ")
				continue
			}
			contain(t, webIdentity(t, s, accessToken(t, got), "deploy"), 200, "oidc-provider/"+own+"/")
		}
	}
}

func accessToken(t *testing.T, got reply) string {
	t.Helper()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("status %d without a token: %v", got.status, err)
	}
	return answer.AccessToken
}
