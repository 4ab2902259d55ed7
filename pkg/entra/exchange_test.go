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
						if r.URL.String() != "https://login.microsoftonline.com/t/oauth2/v2.0/token" || r.FormValue("scope") != "api://a/.default" ||
							r.FormValue("client_assertion") != "canary-jwt" || r.FormValue("client_id") != "c" {
							t.Errorf("wrong request to %s: %v", r.URL.Host, r.Form)
						}
						return &http.Response{StatusCode: tt.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(tt.body))}, nil
					}),
				}
				_, err := x.Exchange(ctx, secret.New("canary-jwt"))
				f, _ := fault.As(err)
				if requests != 1 {
					t.Errorf("%d requests, want one", requests)
				}
				if tt.code == "" && err != nil || tt.code != "" && (f == nil || f.Code != tt.code || f.Retry != tt.retry) {
					t.Errorf("%#v, want %q, retry %d", err, tt.code, tt.retry)
				}
				if f != nil && strings.Contains(f.Message(), "canary") {
					t.Errorf("secret in %s", f.Message())
				}
			})
		})
	}
}
