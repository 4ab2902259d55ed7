package exchange

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/webidentity"
)

// expired is what STS says of a token that has expired.
const expired = `<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token expired</Message></Error><RequestId>r-7</RequestId></ErrorResponse>`

// TestNewToken: a token that AWS finds expired is requested anew, once, and nothing is sent
// to AWS again without one. The log and the error say so.
func TestNewToken(t *testing.T) {
	t.Parallel()
	const told = "first role (new token): AWS found the token expired (HTTP status 400) in 0s, 2 of 2"
	const before = "a new token was requested because AWS STS refused the first: AAR-STS-TOKEN-EXPIRED: AWS found the token expired; AWS says: ExpiredTokenException: Token expired; HTTP status: 400; request id: r-7"
	for name, tt := range map[string]struct {
		status  int // of Azure DevOps
		want    fault.Code
		calls   int // of STS
		told    []string
		details []string
	}{
		"issued":  {http.StatusOK, fault.STSTokenExpired, 2, []string{told}, []string{"HTTP status: 400", "request id: r-7"}},
		"refused": {http.StatusForbidden, fault.OIDCForbidden, 1, []string{told}, []string{"HTTP status: 403", before}},
		"unavailable": {
			http.StatusServiceUnavailable, fault.OIDCUnavailable, 1,
			[]string{told, "token request: 2 of 4", "token request: 3 of 4", "token request: 4 of 4"},
			[]string{"HTTP status: 503", "attempts: 4", before},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var said []string
				calls := 0
				r := &run{result: &Result{}, known: &foreign.Secrets{}, opt: silent}
				r.opt.Retrying = func(n Retry) {
					line := n.Request + ": " + n.Fault.Brief() + " in " + n.Wait.String() + ", "
					if n.Wait > 0 {
						line = n.Request + ": " // its length is random
					}
					said = append(said, line+strconv.Itoa(n.Attempt)+" of "+strconv.Itoa(n.Attempts))
				}
				r.plan.Role.ARN, r.plan.Role.SessionName = iam.RoleARN{Partition: "aws", Account: "111122223333", Path: "/", Name: "deploy"}, "session"
				r.plan.ConnectionID = connection
				r.tokens = idtoken.Requester{Endpoint: &url.URL{Scheme: "https", Host: "dev.azure.com"}, Now: time.Now, Known: r.known, Transport: answering(nil, tt.status, `{"oidcToken":"`+unsigned("sc://org/project/connection")+`"}`)}
				r.sts = webidentity.New(answering(&calls, http.StatusBadRequest, expired), "https://sts.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com", "eu-west-1", time.Now, r.known)
				err := r.first(t.Context(), secret.New(unsigned("sc://org/project/connection")))
				f, _ := fault.As(err)
				if codeOf(err) != tt.want {
					t.Fatalf("error %v, want %s", err, tt.want)
				}
				if calls != tt.calls {
					t.Errorf("AWS STS was asked %d times, want %d", calls, tt.calls)
				}
				if !slices.Equal(said, tt.told) {
					t.Errorf("told: %q, want %q", said, tt.told)
				}
				if !slices.EqualFunc(f.Details, tt.details, strings.HasPrefix) {
					t.Errorf("the details are %q, want %q", f.Details, tt.details)
				}
			})
		})
	}
}

// answering gives every request the same answer, and counts them.
func answering(count *int, status int, body string) transport {
	return func(q *http.Request) (*http.Response, error) {
		if count != nil {
			*count++
		}
		return &http.Response{StatusCode: status, Request: q, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}
