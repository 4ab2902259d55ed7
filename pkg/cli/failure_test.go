package cli_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

const (
	connection = "5f0e6c1a-7d34-4b92-9e81-c40a2f6b8d17"
	ownSubject = "sc://contoso-eng/payments/aws-prod"
)

// services answers for Azure DevOps and STS on one loopback port.
type services struct {
	token  string // what Azure DevOps issues
	secret string // the secret key that STS gives
	onSTS  func() // called when STS is asked
}

func (s services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/oidctoken") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"oidcToken":%q}`, s.token)
		return
	}
	s.onSTS()
	_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>`+
		`<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/deploy/run</Arn><AssumedRoleId>AROA:run</AssumedRoleId></AssumedRoleUser>`+
		`<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>canary-session-token</SessionToken>`+
		`<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, s.secret)
}

func tokenOf(subject string) string {
	part := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"iss":"https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13","aud":"api://AzureADTokenExchange","sub":%q}`, subject)
	return part([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + part([]byte(claims)) + "." + part([]byte("canary-signature"))
}

func jobOf(base string) map[string]string {
	return map[string]string{
		"ENDPOINT_URL_SYSTEMVSSCONNECTION":                        base + "/contoso-eng/",
		"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "canary-job-token",
		"ENDPOINT_URL_" + connection:                              "https://aws.amazon.com/",
		"SYSTEM_OIDCREQUESTURI":                                   base + "/contoso-eng/oidctoken",
		"SYSTEM_HOSTTYPE":                                         "build",
		"INPUT_SERVICECONNECTION":                                 connection,
		"INPUT_ROLEARN":                                           "arn:aws:iam::111122223333:role/deploy",
		"INPUT_REGION":                                            "eu-west-1",
		"INPUT_ROLESESSIONNAME":                                   "run",
		"INPUT_STSENDPOINT":                                       base,
	}
}

// TestFailures provokes what the stand-ins of the scripts cannot: a token that is
// none or another's, an exotic secret, a cancellation, a defect.
func TestFailures(t *testing.T) {
	t.Parallel()
	tests := map[fault.Code]struct {
		token, secret string
		decodePercent string
		cancel, panic bool
	}{
		"":                     {token: tokenOf(ownSubject), secret: "canary%0Asecret"},
		fault.TokenMalformed:   {token: "canary-no.canary-token", secret: "canary-secret"},
		fault.IdentityMismatch: {token: tokenOf("p://contoso-eng/payments/deploy-infra"), secret: "canary-secret"},
		fault.Export:           {token: tokenOf(ownSubject), secret: "canary%0Asecret", decodePercent: "False"},
		fault.Canceled:         {token: tokenOf(ownSubject), secret: "canary-secret", cancel: true},
		fault.Internal:         {token: tokenOf(ownSubject), secret: "canary-secret", panic: true},
	}
	for code, tt := range tests {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			server := httptest.NewServer(services{tt.token, tt.secret, func() {
				if tt.cancel {
					cancel()
				}
			}})
			t.Cleanup(server.Close)
			env := jobOf(server.URL)
			env["DECODE_PERCENTS"] = tt.decodePercent
			lookup := func(name string) (string, bool) {
				if tt.panic && name == "AGENT_CAINFO" {
					panic(errors.New("canary-panic"))
				}
				v, ok := env[name]
				return v, ok
			}
			checkOutcome(t, ctx, lookup, string(code))
		})
	}
}

func checkOutcome(t *testing.T, ctx context.Context, lookup func(string) (string, bool), code string) {
	t.Helper()
	var out strings.Builder
	status := cli.Run(ctx, cli.Env{Args: []string{"task"}, Lookup: lookup, Stdout: &out, Stderr: io.Discard, Now: time.Now, Version: "1.0.0"})
	failed := strings.HasSuffix(out.String(), "##vso[task.complete result=Failed]\n")
	if status != 0 {
		t.Errorf("status %d, want 0 whatever the step says", status)
	}
	if failed != (code != "") {
		t.Errorf("the step failed: %v, want %q; output:\n%s", failed, code, out.String())
	}
	if exported := strings.Contains(out.String(), "##vso[task.setvariable"); exported == failed {
		t.Errorf("the step exported something: %v, and failed: %v; output:\n%s", exported, failed, out.String())
	}
	if code != "" && !strings.Contains(out.String(), "##vso[task.logissue type=error;code="+code+"]"+code+": ") {
		t.Errorf("no issue %s in:\n%s", code, out.String())
	}
	for line := range strings.SplitSeq(out.String(), "\n") {
		carries := strings.HasPrefix(line, "##vso[task.setsecret]") || strings.Contains(line, "issecret=true]")
		if !carries && strings.Contains(line, "canary") {
			t.Errorf("secret in %s", line)
		}
	}
}
