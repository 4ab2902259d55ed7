package webidentity

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

const answerXML = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>` +
	`<AssumedRoleUser><Arn>%s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIA</AccessKeyId>` +
	`<SecretAccessKey>%s</SecretAccessKey><SessionToken>canary-st</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>` +
	`</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`

func failure(code, message string) string {
	return `<ErrorResponse><Error><Code>` + code + `</Code><Message>` + message + `</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`
}

func TestAssumeWithToken(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:sts::111122223333:assumed-role/deploy/run-1"
	tests := map[string]struct {
		status int
		body   string
		code   fault.Code
		retry  fault.Retry
	}{
		"credentials":     {200, fmt.Sprintf(answerXML, arn, "canary-key"), "", 0},
		"other account":   {200, fmt.Sprintf(answerXML, strings.Replace(arn, "1111", "9999", 1), "canary-key"), fault.AccountMismatch, fault.Never},
		"other role":      {200, fmt.Sprintf(answerXML, strings.Replace(arn, "deploy", "admin", 1), "canary-key"), fault.AccountMismatch, fault.Never},
		"half":            {200, fmt.Sprintf(answerXML, arn, ""), fault.STSResponse, fault.Never},
		"injected":        {200, fmt.Sprintf(answerXML, arn, "canary&#10;##vso[x]"), fault.STSResponse, fault.Never},
		"HTML":            {200, "<html>", fault.STSResponse, fault.Never},
		"500":             {500, "", fault.STSUnavailable, fault.Soon},
		"499":             {499, failure("Strange", "x"), fault.STSRejected, fault.Never},
		"redirect":        {302, "", fault.STSResponse, fault.Never},
		"denied":          {403, failure("AccessDenied", "Not authorized"), fault.STSAccessDenied, fault.Propagation},
		"no provider":     {400, failure("InvalidIdentityToken", "No OpenIDConnect provider found in your account for x"), fault.STSNoProvider, fault.Propagation},
		"thumbprint":      {400, failure("InvalidIdentityToken", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"), fault.STSThumbprint, fault.Never},
		"another text":    {400, failure("InvalidIdentityToken", "The ID Token provided is not a valid JWT"), fault.STSInvalidToken, fault.FreshToken},
		"no message":      {400, failure("InvalidIdentityToken", ""), fault.STSInvalidToken, fault.FreshToken},
		"audience":        {400, failure("InvalidIdentityToken", "Incorrect token audience"), fault.STSAudience, fault.Never},
		"expired":         {400, failure("ExpiredTokenException", "Token expired"), fault.STSTokenExpired, fault.FreshToken},
		"issuer":          {400, failure("IDPCommunicationError", "x"), fault.STSIDPConnection, fault.Soon},
		"throttled":       {400, failure("Throttling", "Rate exceeded"), fault.STSThrottled, fault.Soon},
		"429":             {429, "", fault.STSThrottled, fault.Soon},
		"503":             {503, "busy", fault.STSUnavailable, fault.Soon},
		"unknown":         {400, failure("Strange", "x"), fault.STSRejected, fault.Never},
		"region disabled": {403, failure("RegionDisabledException", "x"), fault.STSRegionDisabled, fault.Never},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				if r.FormValue("WebIdentityToken") != "canary-token" || r.Header.Get("Authorization") != "" {
					t.Errorf("token in the wrong place: %v", r.Header)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)
			c := New(http.DefaultTransport, server.URL, "sts.host", "eu-west-1", time.Now, &foreign.Secrets{})
			s, err := c.AssumeWithToken(t.Context(), TokenRequest{
				Token: secret.New("canary-token"), SessionName: "run-1", Limits: Limits{DurationSeconds: 900},
				Role: iam.RoleARN{Partition: "aws", Account: "111122223333", Path: "/", Name: "deploy"},
			})
			if requests != 1 {
				t.Errorf("%d requests", requests)
			}
			if tt.code == "" {
				if err != nil || s.AssumedRoleARN != arn {
					t.Errorf("the session is %+v, error %v", s, err)
				}
				return
			}
			d, ok := fault.As(err)
			if !ok || d.Code != tt.code {
				t.Fatalf("error %+v, want %s", err, tt.code)
			}
			if d.Retry != tt.retry {
				t.Errorf("%s: retry %d, want %d", d.Code, d.Retry, tt.retry)
			}
			if strings.Contains(d.Message(), "canary") {
				t.Errorf("a secret is quoted: %s", d.Message())
			}
		})
	}
}

// TestWhatARefusalSays: the reason is AWS's text, if there is one, and the request id is
// that of the header before that of the document.
func TestWhatARefusalSays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status  int
		body    string
		id      string
		why     string
		details []string
	}{
		"code and message":     {400, failure("Strange", "a text"), "", "AWS says: Strange: a text", []string{"HTTP status: 400", "request id: r-1"}},
		"code alone":           {400, failure("Strange", ""), "", "AWS says: Strange", []string{"HTTP status: 400", "request id: r-1"}},
		"id of the header":     {400, failure("Strange", ""), "h-1", "AWS says: Strange", []string{"HTTP status: 400", "request id: h-1"}},
		"nothing":              {429, "", "", "the answer has the status 429 and no error of AWS STS.", []string{"HTTP status: 429"}},
		"redirect":             {300, "", "", "it is a redirect, which is never followed", []string{"HTTP status: 300"}},
		"last redirect":        {399, "", "", "it is a redirect, which is never followed", []string{"HTTP status: 399"}},
		"no redirect any more": {400, "", "", "it is not the XML of AWS STS, or a value in it cannot be read", []string{"HTTP status: 400"}},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tt.id != "" {
				w.Header().Set("x-amzn-RequestId", tt.id)
			}
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(tt.body))
		}))
		t.Cleanup(server.Close)
		_, err := New(http.DefaultTransport, server.URL, "sts.host", "eu-west-1", time.Now, &foreign.Secrets{}).AssumeWithToken(t.Context(), TokenRequest{
			Token: secret.New("canary-token"), SessionName: "run-1", Limits: Limits{DurationSeconds: 900},
		})
		f, ok := fault.As(err)
		if !ok {
			t.Errorf("%s: %v is no fault", name, err)
			continue
		}
		if f.Why != tt.why {
			t.Errorf("%s: the reason is %q, want %q", name, f.Why, tt.why)
		}
		if !slices.Equal(f.Details, tt.details) {
			t.Errorf("%s: the details are %q, want %q", name, f.Details, tt.details)
		}
	}
}
