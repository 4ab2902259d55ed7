package entra

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestExchange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		code   fault.Code
		retry  fault.Retry
	}{
		"token":            {200, `{"access_token":"canary-at","token_type":"bearer"}`, "", fault.Never},
		"no token":         {200, `{"token_type":"Bearer"}`, fault.EntraResponse, fault.Never},
		"HTML":             {200, `<html>`, fault.EntraResponse, fault.Never},
		"subject":          {400, `{"error":"invalid_client","error_description":"AADSTS700213: No match ##vso[x]"}`, fault.EntraSubject, fault.Never},
		"issuer by number": {401, `{"error":"invalid_client","error_codes":[700211]}`, fault.EntraIssuer, fault.Never},
		"unknown code":     {400, `{"error":"invalid_request","error_description":"AADSTS999999: x"}`, fault.EntraRejected, fault.Never},
		"throttled":        {429, `{}`, fault.EntraThrottled, fault.Soon},
		"timed out":        {408, ``, fault.EntraUnavailable, fault.Soon},
		"failed":           {500, ``, fault.EntraUnavailable, fault.Soon},
		"refused":          {499, `{"error":"x"}`, fault.EntraRejected, fault.Never},
		"down":             {503, `busy`, fault.EntraUnavailable, fault.Soon},
		"temporarily":      {400, `{"error":"temporarily_unavailable"}`, fault.EntraUnavailable, fault.Soon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
				defer cancel()
				requests := 0
				x := Exchanger{
					Authority: "login.microsoftonline.com", TenantID: "t", ClientID: "c", Audience: "api://a", Now: time.Now,
					Transport: transport(func(r *http.Request) (*http.Response, error) {
						requests++
						if deadline, _ := r.Context().Deadline(); time.Until(deadline) != 30*time.Second {
							t.Errorf("the attempt has %s, want 30 s", time.Until(deadline))
						}
						if to := r.URL.String(); to != "https://login.microsoftonline.com/t/oauth2/v2.0/token" {
							t.Errorf("the request goes to %s", to)
						}
						for name, want := range map[string]string{"scope": "api://a/.default", "client_assertion": "canary-jwt", "client_id": "c"} {
							if got := r.FormValue(name); got != want {
								t.Errorf("%s is %q, want %q", name, got, want)
							}
						}
						return &http.Response{StatusCode: tt.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(tt.body))}, nil
					}),
				}
				_, err := x.Exchange(ctx, secret.New("canary-jwt"))
				f, _ := fault.As(err)
				if requests != 1 {
					t.Errorf("%d requests, want one", requests)
				}
				if tt.code == "" {
					if err != nil {
						t.Errorf("the exchange failed: %v", err)
					}
					return
				}
				if f == nil || f.Code != tt.code {
					t.Fatalf("error %#v, want %s", err, tt.code)
				}
				if f.Retry != tt.retry {
					t.Errorf("%s: retry %d, want %d", f.Code, f.Retry, tt.retry)
				}
				if f != nil && strings.Contains(f.Message(), "canary") {
					t.Errorf("secret in %s", f.Message())
				}
			})
		})
	}
}
