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
		status   int
		body     string
		code     fault.Code
		requests int
	}{
		"token":            {200, `{"access_token":"canary-at","token_type":"bearer"}`, "", 1},
		"no token":         {200, `{"token_type":"Bearer"}`, fault.EntraResponse, 1},
		"HTML":             {200, `<html>`, fault.EntraResponse, 1},
		"subject":          {400, `{"error":"invalid_client","error_description":"AADSTS700213: No match ##vso[x]"}`, fault.EntraSubject, 1},
		"issuer by number": {401, `{"error":"invalid_client","error_codes":[700211]}`, fault.EntraIssuer, 1},
		"unknown code":     {400, `{"error":"invalid_request","error_description":"AADSTS999999: x"}`, fault.EntraRejected, 1},
		"throttled":        {429, `{}`, fault.EntraThrottled, 4},
		"down":             {503, `busy`, fault.EntraUnavailable, 4},
		"temporarily":      {400, `{"error":"temporarily_unavailable"}`, fault.EntraUnavailable, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
				defer cancel()
				requests, issued := 0, 0
				x := Exchanger{
					Authority: "login.microsoftonline.com", TenantID: "t", ClientID: "c", Audience: "api://a", Now: time.Now,
					Issued: func(secret.Value) { issued++ },
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
				if requests != tt.requests || tt.code == "" && (err != nil || issued != 1) || tt.code != "" && (f == nil || f.Code != tt.code) {
					t.Errorf("%d requests, %v; want %d, %q", requests, err, tt.requests, tt.code)
				}
				if f != nil && strings.Contains(f.Message(), "canary") {
					t.Errorf("secret in %s", f.Message())
				}
			})
		})
	}
}
