package sandbox

import (
	"net/http"
	"strings"
)

// The token endpoint of Microsoft Entra, client credentials with a federated
// credential (learn.microsoft.com/entra/identity-platform/
// v2-oauth2-client-creds-grant-flow, third case). It answers under the real host
// names only, so that clients need the proxy and the certificate authority.

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func (s *Sandbox) serveEntra(c *call) *answer {
	out := s.entraAnswer(c)
	out.header.Set("X-Ms-Request-Id", newGUID())
	out.header.Set("Cache-Control", "no-store, no-cache")
	return out
}

func (s *Sandbox) entraAnswer(c *call) *answer {
	tenant, ok := strings.CutSuffix(strings.TrimPrefix(c.URL.Path, "/"), "/oauth2/v2.0/token")
	if !ok || !isGUID(tenant) {
		return respond(http.StatusNotFound, "", nil)
	}
	s.checkEntraRequest(c)
	if c.Method != http.MethodPost {
		return aadsts(http.StatusBadRequest, "900561", "The endpoint only accepts POST requests. Received a "+c.Method+" request.")
	}
	if refusal := checkGrant(c); refusal != nil {
		return refusal
	}
	conn, ok := s.entraClient(tenant, c.form.Get("client_id"))
	if !ok {
		return aadsts(http.StatusBadRequest, "700016", "Application with identifier '"+c.form.Get("client_id")+
			"' was not found in the directory '"+tenant+"'. This can happen if the application has not been installed by the administrator of the tenant.")
	}
	if hostname(c.Host) != conn.authority() {
		return aadsts(http.StatusBadRequest, "90002", "Tenant '"+tenant+"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")
	}
	if refusal := s.checkAssertion(conn, c.form.Get("client_assertion")); refusal != nil {
		return refusal
	}
	return s.grant(conn, c.form.Get("scope"))
}

func (s *Sandbox) checkEntraRequest(c *call) {
	s.requireAgent(LegEntra, c.Request)
	for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
		if c.Header.Get(name) != "" {
			s.rec.violation("entra: the token request carries the header %s", name)
		}
	}
	if strings.Contains(string(c.body), s.JobToken) {
		s.rec.violation("entra: the request holds the job token")
	}
	if c.form.Has("client_secret") {
		s.rec.violation("entra: the request holds a client secret")
	}
	if !strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		s.rec.violation("entra: the content type is %q", c.Header.Get("Content-Type"))
	}
}

func checkGrant(c *call) *answer {
	switch {
	case c.form.Get("grant_type") != "client_credentials":
		return aadsts(http.StatusBadRequest, "70003", "The app requested an unsupported grant type '"+c.form.Get("grant_type")+"'.")
	case c.form.Get("client_assertion_type") != assertionType:
		return aadsts(http.StatusBadRequest, "900144", "The request body must contain the following parameter: 'client_assertion_type'.")
	case !strings.HasSuffix(c.form.Get("scope"), "/.default") || strings.Contains(c.form.Get("scope"), " "):
		return aadsts(http.StatusBadRequest, "1002012", "The provided value for scope "+c.form.Get("scope")+
			" is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")
	}
	return nil
}

func (s *Sandbox) entraClient(tenant, client string) (Connection, bool) {
	for _, conn := range s.cfg.Connections {
		if equalGUID(conn.TenantID, tenant) && equalGUID(conn.ClientID, client) {
			return conn, true
		}
	}
	return Connection{}, false
}

// checkAssertion compares the assertion with the federated credentials of the
// client, in the order in which Entra names what does not match.
func (s *Sandbox) checkAssertion(conn Connection, assertion string) *answer {
	if conn.MultiTenant {
		return aadsts(http.StatusBadRequest, "70052", "The identity must be a managed identity, single tenant app, or service account.")
	}
	claims, err := s.verify(assertion)
	if err != nil {
		return aadsts(http.StatusUnauthorized, "50027", "JWT token is invalid or malformed.")
	}
	if now := s.now().Unix(); claims.seconds("exp") < now-300 {
		return aadsts(http.StatusUnauthorized, "700024", "Client assertion is not within its valid time range. "+
			"Current time: "+s.now().UTC().Format("2006-01-02T15:04:05.0000000Z")+".")
	}
	list := s.federated(conn.ClientID)
	if len(list) == 0 {
		return aadsts(http.StatusUnauthorized, "70021", "No matching federated identity record found for presented assertion.")
	}
	list = keep(list, func(f Federated) bool { return f.Issuer == claims.text("iss") })
	if len(list) == 0 {
		return aadsts(http.StatusUnauthorized, "700211", "No matching federated identity record found for presented assertion issuer '"+claims.text("iss")+"'.")
	}
	list = keep(list, func(f Federated) bool { return f.Subject == claims.text("sub") })
	if len(list) == 0 {
		return aadsts(http.StatusUnauthorized, "700213", "No matching federated identity record found for presented assertion subject '"+
			claims.text("sub")+"'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.")
	}
	list = keep(list, func(f Federated) bool { return f.Audience == tokenExchangeURI && exchangeable(claims.audience()) })
	if len(list) == 0 {
		return aadsts(http.StatusUnauthorized, "700214", "No matching federated identity record found for presented assertion audience '"+
			strings.Join(claims.audience(), " ")+"'.")
	}
	return nil
}

// exchangeable tells whether a token is meant for the exchange: its audience is
// the resource api://AzureADTokenExchange, as URI or as GUID.
func exchangeable(audience []string) bool {
	return len(audience) == 1 && (audience[0] == tokenExchangeURI || audience[0] == tokenExchangeResource)
}

func (s *Sandbox) federated(client string) []Federated {
	return keep(s.cfg.Federated, func(f Federated) bool { return equalGUID(f.ClientID, client) })
}

func keep[T any](list []T, wanted func(T) bool) []T {
	var kept []T
	for _, v := range list {
		if wanted(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// grant answers with an access token for the audience application of the scope.
func (s *Sandbox) grant(conn Connection, scope string) *answer {
	audience := strings.TrimSuffix(scope, "/.default")
	for _, app := range s.cfg.Audiences {
		if equalGUID(app.TenantID, conn.TenantID) && (app.URI == audience || equalGUID(app.ClientID, audience)) {
			if app.TokenVersion != 2 {
				app.URI = audience // a v1 token names the audience as it was asked for
			}
			return respondJSON(http.StatusOK, map[string]any{
				"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": s.accessToken(conn, app),
			})
		}
	}
	return aadsts(http.StatusBadRequest, "500011", "The resource principal named "+audience+" was not found in the tenant named Contoso. "+
		"This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.")
}

// oauthErrors names the OAuth error that Entra puts beside its own numbers.
var oauthErrors = map[string]string{
	"700016": "unauthorized_client", "70003": "unsupported_grant_type", "1002012": "invalid_scope",
	"500011": "invalid_resource", "900144": "invalid_request", "90002": "invalid_request", "900561": "invalid_request", "90033": "temporarily_unavailable",
}

// aadsts is the error document of Entra.
func aadsts(status int, number, message string) *answer {
	name := oauthErrors[number]
	if name == "" {
		name = "invalid_client"
	}
	trace := newGUID()
	code := 0
	for _, digit := range number {
		code = code*10 + int(digit-'0')
	}
	return respondJSON(status, map[string]any{
		"error": name, "error_codes": []int{code}, "trace_id": trace, "correlation_id": trace,
		"error_description": "AADSTS" + number + ": " + message + " Trace ID: " + trace + " Correlation ID: " + trace,
		"error_uri":         "https://login.microsoftonline.com/error?code=" + number,
	})
}
