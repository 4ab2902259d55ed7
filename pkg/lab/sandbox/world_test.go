package sandbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

const testAgent = "assume-aws-role/test"

// start runs a sandbox for a test. Unless the test says otherwise, it fails on
// violations.
func start(t *testing.T, cfg Config) *Sandbox {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func noViolations(t *testing.T, s *Sandbox) {
	t.Helper()
	for _, v := range s.Violations() {
		t.Errorf("violation: %s", v)
	}
}

type reply struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, client *http.Client, r *http.Request) reply {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

// direct is a client that follows no redirects.
func direct(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// proxied is a client that reaches the real host names through the sandbox's proxy.
func proxied(t *testing.T, s *Sandbox, user *url.Userinfo) *http.Client {
	t.Helper()
	proxy, err := url.Parse(s.ProxyURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy.User = user
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := direct(t)
	client.Transport.(*http.Transport).Proxy = http.ProxyURL(proxy)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return client
}

func request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", testAgent)
	return r
}

// tokenRequest is what a good client sends to the token endpoint.
func tokenRequest(t *testing.T, s *Sandbox, connectionID string) *http.Request {
	t.Helper()
	query := url.Values{"api-version": {"7.1"}}
	if connectionID != "" {
		query.Set("serviceConnectionId", connectionID)
	}
	r := request(t, http.MethodPost, s.ADOURL+s.tokenPath()+"?"+query.Encode(), "")
	r.Header.Set("Authorization", "Bearer "+s.JobToken)
	r.Header.Set("X-TFS-FedAuthRedirect", "Suppress")
	return r
}

// connectionID is the id of a connection of the default world.
func connectionID(t *testing.T, name string) string {
	t.Helper()
	conn, ok := Default().Connection(name)
	if !ok {
		t.Fatalf("no connection %s", name)
	}
	return conn.ID
}

// token obtains a token for a connection, or for the pipeline.
func token(t *testing.T, s *Sandbox, id string) string {
	t.Helper()
	got := send(t, direct(t), tokenRequest(t, s, id))
	var answer struct{ OIDCToken string }
	if err := json.NewDecoder(bytes.NewBufferString(got.body)).Decode(&answer); err != nil || answer.OIDCToken == "" {
		t.Fatalf("status %d without a token: %v", got.status, err)
	}
	return answer.OIDCToken
}

// webIdentity calls AssumeRoleWithWebIdentity; more are name-value pairs that
// replace parameters.
func webIdentity(t *testing.T, s *Sandbox, token, role string, more ...string) reply {
	t.Helper()
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {roleARN(role)},
		"RoleSessionName": {"payments-98765"}, "WebIdentityToken": {token},
	}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	r := request(t, http.MethodPost, s.STSURL+"/", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, direct(t), r)
}

func contain(t *testing.T, got reply, status int, texts ...string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status %d, want %d; body %s", got.status, status, got.body)
	}
	for _, text := range texts {
		if !strings.Contains(got.body, text) {
			t.Errorf("the answer lacks %q: %s", text, got.body)
		}
	}
}
