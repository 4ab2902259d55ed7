package idtoken

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// answering is a transport that checks each request and always gives one answer.
type answering struct {
	t        *testing.T
	status   int
	header   map[string]string
	body     string
	requests int
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	a.requests++
	q := r.URL.Query()
	if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer canary-job-token" ||
		r.Header.Get("X-TFS-FedAuthRedirect") != "Suppress" || q.Get("serviceConnectionId") != "id" || q.Get("api-version") == "" || q.Get("keep") != "1" {
		a.t.Errorf("wrong request: %s %s", r.Method, r.URL)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	for k, v := range a.header {
		h.Set(k, v)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func TestRequestFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		header map[string]string
		code   fault.Code
		retry  fault.Retry
	}{
		"token":                     {200, `{"oidcToken":"canary-token"}`, nil, "", fault.Never},
		"401":                       {401, ``, nil, fault.OIDCUnauthorized, fault.Never},
		"403":                       {403, `{}`, nil, fault.OIDCForbidden, fault.Never},
		"404":                       {404, `{"message":"no"}`, nil, fault.OIDCNotFound, fault.Never},
		"plan security, any status": {400, `{"typeKey":"TaskOrchestrationPlanSecurityException","message":"x"}`, nil, fault.OIDCPlanSecurity, fault.Soon},
		"302":                       {302, ``, map[string]string{"Location": "https://evil.org"}, fault.OIDCSignIn, fault.Never},
		"first redirect":            {300, `{}`, nil, fault.OIDCSignIn, fault.Never},
		"last redirect":             {399, `{}`, nil, fault.OIDCSignIn, fault.Never},
		"201, no token":             {201, `{}`, nil, fault.OIDCResponse, fault.Never},
		"299, no token":             {299, `{}`, nil, fault.OIDCResponse, fault.Never},
		"201, exception":            {201, `{"typeKey":"X"}`, nil, fault.OIDCRejected, fault.Never},
		"400, nothing":              {400, `{}`, nil, fault.OIDCRejected, fault.Never},
		"203 HTML":                  {203, `<html>`, map[string]string{"Content-Type": "text/html; charset=utf-8"}, fault.OIDCSignIn, fault.Never},
		"200 HTML":                  {200, `<html>`, map[string]string{"Content-Type": "text/html"}, fault.OIDCSignIn, fault.Never},
		"empty token":               {200, `{"oidcToken":""}`, nil, fault.OIDCEmptyToken, fault.Soon},
		"null token":                {200, `{"oidcToken":null}`, nil, fault.OIDCEmptyToken, fault.Soon},
		"disabled":                  {400, `{"message":"The service connection x is Disabled."}`, nil, fault.OIDCDisabled, fault.Never},
		"disabled with a 500":       {500, `{"message":"The service connection x is disabled."}`, nil, fault.OIDCUnavailable, fault.Soon},
		"something else disabled":   {503, `{"message":"The feature is disabled for maintenance."}`, nil, fault.OIDCUnavailable, fault.Soon},
		"no reference, any status":  {403, `{"count":1,"value":"There is No Explicit Reference to service connection x"}`, nil, fault.OIDCNoReference, fault.Never},
		"exception with a 200":      {200, `{"oidcToken":"canary-token","typeKey":"X","message":"m"}`, nil, fault.OIDCRejected, fault.Never},
		"message with a 200":        {200, `{"message":"m"}`, nil, fault.OIDCRejected, fault.Never},
		"400":                       {400, `{"message":"m"}`, nil, fault.OIDCRejected, fault.Never},
		"truncated":                 {200, `{"oidcToken":"canary-tok`, nil, fault.OIDCResponse, fault.Never},
		"token of a wrong type":     {200, `{"oidcToken":{"a":"canary-token"}}`, nil, fault.OIDCResponse, fault.Never},
		"message of a wrong type":   {400, `{"message":{"a":1}}`, nil, fault.OIDCResponse, fault.Never},
		"500":                       {500, `##vso[task.complete]`, nil, fault.OIDCUnavailable, fault.Soon},
		"408":                       {408, ``, nil, fault.OIDCUnavailable, fault.Soon},
		"429":                       {429, ``, map[string]string{"Retry-After": "2"}, fault.OIDCThrottled, fault.Soon},
		"429, too long":             {429, ``, map[string]string{"Retry-After": "3600"}, fault.OIDCThrottled, fault.Soon},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
				defer cancel()
				a := &answering{t: t, status: tt.status, body: tt.body, header: tt.header}
				endpoint, _ := url.Parse("https://dev.azure.com/org/oidctoken?keep=1&serviceConnectionId=other")
				token, err := Requester{
					Transport: a, Endpoint: endpoint, JobToken: secret.New("canary-job-token"), Now: time.Now,
				}.Request(ctx, "id")
				f, _ := fault.As(err)
				if a.requests != 1 {
					t.Errorf("%d requests, want one", a.requests)
				}
				if tt.code == "" {
					if err != nil || token.Token.Reveal() != "canary-token" {
						t.Errorf("no token, or another: %v", err)
					}
					return
				}
				if f == nil || f.Code != tt.code {
					t.Fatalf("error %#v, want %s", err, tt.code)
				}
				if f.Retry != tt.retry {
					t.Errorf("%s: retry %d, want %d", f.Code, f.Retry, tt.retry)
				}
				if f != nil && strings.Contains(f.Message()+fmt.Sprintf("%+v", err), "canary") {
					t.Errorf("secret in %s", f.Message())
				}
			})
		})
	}
}

// TestWhatARefusalSays: the details hold what the answer has, and the reason is the
// service's message, where it cannot hold a token.
func TestWhatARefusalSays(t *testing.T) {
	t.Parallel()
	html := map[string]string{"Content-Type": "text/html"}
	for name, tt := range map[string]struct {
		status  int
		body    string
		header  map[string]string
		why     string
		details []string
	}{
		"message":                    {400, `{"message":"m"}`, nil, "Azure DevOps says: m", nil},
		"message of a redirect":      {300, `{"message":"m"}`, nil, "Azure DevOps says: m", nil},
		"message beside a token":     {299, `{"message":"canary-token"}`, nil, "the answer has the status 299, so its message could hold a token and is not shown.", nil},
		"page":                       {400, `<html>`, html, "the answer has the status 400 and is an HTML page: a proxy or gateway may have answered in place of Azure DevOps.", nil},
		"page that is no error":      {399, `<html>`, html, "the answer has the status 399 and no message of Azure DevOps.", nil},
		"no page":                    {400, `x`, nil, "the answer has the status 400 and no message of Azure DevOps.", nil},
		"page that could be a token": {200, `{"oidc`, html, "the answer has the status 200 and no message of Azure DevOps.", nil},
		"what support asks for": {
			429, `{"message":"m"}`,
			map[string]string{"Retry-After": "2", "X-VSS-E2EID": "e", "X-MSEdge-Ref": "r", "ActivityId": "a"},
			"Azure DevOps says: m",
			[]string{"Retry-After: 2", "x-vss-e2eid: e", "x-msedge-ref: r", "ActivityId: a"},
		},
	} {
		a := &answering{t: t, status: tt.status, body: tt.body, header: tt.header}
		endpoint, _ := url.Parse("https://dev.azure.com/org/oidctoken?keep=1")
		_, err := Requester{Transport: a, Endpoint: endpoint, JobToken: secret.New("canary-job-token"), Now: time.Now}.Request(t.Context(), "id")
		f, ok := fault.As(err)
		if !ok {
			t.Errorf("%s: %v is no fault", name, err)
			continue
		}
		if f.Why != tt.why {
			t.Errorf("%s: the reason is %q, want %q", name, f.Why, tt.why)
		}
		if shown := strings.HasPrefix(tt.why, "Azure DevOps says"); f.Code == fault.OIDCRejected && strings.Contains(f.Message(), "Read the service's message") != shown {
			t.Errorf("%s: what to do speaks of a message that is shown: %v:\n%s", name, !shown, f.Message())
		}
		if want := append([]string{fmt.Sprintf("HTTP status: %d", tt.status)}, tt.details...); !slices.Equal(f.Details, want) {
			t.Errorf("%s: the details are %q, want %q", name, f.Details, want)
		}
	}
}

// TestPersonalAccessToken: a personal access token in place of the job's is named when
// the service does not accept it.
func TestPersonalAccessToken(t *testing.T) {
	t.Parallel()
	modern := strings.Repeat("a1B2", 19) + "AZDO" + "x9Y8"
	for token, codes := range map[string]map[int]fault.Code{
		strings.Repeat("a2", 26): {401: fault.OIDCPersonal, 403: fault.OIDCForbidden},
		modern:                   {401: fault.OIDCPersonal, 404: fault.OIDCNotFound},
		modern + "x":             {401: fault.OIDCUnauthorized},
		strings.Repeat("a1", 26): {401: fault.OIDCUnauthorized},
	} {
		for status, code := range codes {
			r := Requester{Endpoint: &url.URL{Scheme: "https", Host: "dev.azure.com"}, Now: time.Now, JobToken: secret.New(token)}
			r.Transport = transport(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}, nil
			})
			_, err := r.Request(t.Context(), "")
			if f, ok := fault.As(err); !ok || f.Code != code {
				t.Errorf("a token of %d characters and the status %d: %v, want %s", len(token), status, err, code)
			}
		}
	}
}

// TestCutDocument: a document that just ends, of an answer that does not say how long it
// is, has broken off; a page is taken for a page.
func TestCutDocument(t *testing.T) {
	t.Parallel()
	for kind, code := range map[string]fault.Code{"application/json": fault.OIDCUnreachable, "text/html": fault.OIDCSignIn} {
		endpoint := &url.URL{Scheme: "https", Host: "dev.azure.com"}
		_, err := Requester{Endpoint: endpoint, Now: time.Now, Transport: transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {kind}, "Activityid": {"a"}},
				ContentLength: -1, Body: io.NopCloser(strings.NewReader(`{"oidcToken":"canary`)),
			}, nil
		})}.Request(t.Context(), "")
		f, ok := fault.As(err)
		if !ok || f.Code != code {
			t.Fatalf("%s: the error is %v, want %s", kind, err, code)
		}
		if want := []string{"HTTP status: 200", "ActivityId: a"}; !slices.Equal(f.Details, want) {
			t.Errorf("%s: the details are %q, want %q", kind, f.Details, want)
		}
	}
}
