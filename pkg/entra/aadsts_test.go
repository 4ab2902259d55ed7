package entra

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// TestMeanings gives each number in the list alone and in the text alone.
func TestMeanings(t *testing.T) {
	t.Parallel()
	want := map[int]fault.Code{
		700211: fault.EntraIssuer, 700213: fault.EntraSubject, 700212: fault.EntraAudience, 700214: fault.EntraAudience,
		700024: fault.EntraAssertionExpired, 70021: fault.EntraNoCredential, 70052: fault.EntraMultiTenant, 700223: fault.EntraMultiTenant,
		700238: fault.EntraMultiTenant, 500011: fault.EntraResource, 501051: fault.EntraResource, 700016: fault.EntraClient,
		700038: fault.EntraClient, 90002: fault.EntraClient,
	}
	if len(want) != len(meanings) {
		t.Errorf("%d numbers are tested, %d are known", len(want), len(meanings))
	}
	for number, code := range want {
		n := strconv.Itoa(number)
		for _, body := range []string{
			`{"error":"invalid_client","error_codes":[` + n + `]}`,
			`{"error":"invalid_client","error_description":"AADSTS` + n + `: text. Trace ID: 1 AADSTS50000"}`,
			`{"error":"invalid_client","error_description":"AADSTS50000: text. Trace ID: 1 AADSTS` + n + `"}`,
		} {
			for _, status := range []int{400, 401, 500} {
				if f := refused(t, status, body); f.Code != code || f.Summary != meanings[number].summary {
					t.Errorf("status %d and %s are taken for %s", status, body, f.Code)
				}
			}
		}
	}
}

// refused is the permanent fault of one answer.
func refused(t *testing.T, status int, body string) *fault.Fault {
	t.Helper()
	x := Exchanger{Authority: "login.microsoftonline.us", Now: time.Now}
	_, err := x.read(&http.Response{StatusCode: status, Header: http.Header{}}, []byte(body))
	f, ok := fault.As(err)
	if !ok {
		t.Fatalf("%v is no fault", err)
	}
	if f.Retry != fault.Never {
		t.Errorf("%d %s would be repeated", status, body)
	}
	return f
}

func TestAnswersThatAreNoAnswer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
	}{
		"empty":              {200, ``},
		"truncated":          {200, `{"access_token":"canary-at","token_type":"Bear`},
		"other type":         {200, `{"access_token":"canary-at","token_type":"pop"}`},
		"token of a number":  {200, `{"access_token":5,"token_type":"Bearer"}`},
		"token with a 201":   {201, `{"access_token":"canary-at","token_type":"Bearer"}`},
		"redirect":           {302, `<html>canary</html>`},
		"list":               {200, `[]`},
		"null":               {200, `null`},
		"client error, HTML": {404, `<html>`},
	} {
		f := refused(t, tt.status, tt.body)
		if f.Code != fault.EntraResponse || !strings.Contains(f.Summary, "login.microsoftonline.us") {
			t.Errorf("%s: the fault is not about the answer of the authority: %s", name, f.Message())
		}
		if strings.Contains(f.Message(), "canary") {
			t.Errorf("%s: the answer is quoted: %s", name, f.Message())
		}
	}
}

// TestDetails names what support asks for, in one line each.
func TestDetails(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(map[string]string{"error": "invalid_request", "error_description": "no\r\n##vso[x]", "correlation_id": "c\n1", "trace_id": "t1"})
	if err != nil {
		t.Fatal(err)
	}
	f := refused(t, 400, string(text))
	for _, want := range []string{"HTTP status: 400", "correlation id: c 1", "trace id: t1", "Entra says: no ##vso[x]"} {
		if !strings.Contains(f.Message(), want) {
			t.Errorf("%s lacks %q", f.Message(), want)
		}
	}
}

// TestWhatARefusalSays: the details hold what the answer has, and the reason is Entra's
// description, where it cannot hold a token.
func TestWhatARefusalSays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status  int
		body    string
		header  http.Header
		why     string
		details []string
	}{
		"description":                {300, `{"error":"x","error_description":"d"}`, nil, "Entra says: d", nil},
		"description beside a token": {299, `{"error":"x","error_description":"canary"}`, nil, "the answer has the status 299, so its message could hold a token and is not shown.", nil},
		"code":                       {400, `{"error":"x","error_description":"AADSTS9002313: d"}`, nil, "Entra says: AADSTS9002313: d", nil},
		"code beside a token":        {299, `{"error":"x","error_description":"AADSTS9002313: canary"}`, nil, "the answer has the status 299, so its message could hold a token and is not shown.", nil},
		"code in a list":             {400, `{"error":"x","error_codes":[9002313],"error_description":"d"}`, nil, "Entra says: d", nil},
		"no description":             {400, `{"error":"x"}`, nil, "", nil},
		"redirect":                   {300, ``, nil, "it is a redirect, which is never followed", nil},
		"last redirect":              {399, ``, nil, "it is a redirect, which is never followed", nil},
		"no redirect":                {299, ``, nil, "it is not JSON", nil},
		"no redirect any more":       {400, ``, nil, "it is not JSON", nil},
		"other status":               {201, `{"access_token":"canary-at","token_type":"Bearer"}`, nil, "it has the status 201, and neither a bearer token with the status 200 nor an error", nil},
		"what support asks for": {
			400, `{"error":"x","error_description":"d"}`,
			http.Header{"Retry-After": {"2"}, "X-Ms-Request-Id": {"r"}},
			"Entra says: d",
			[]string{"Retry-After: 2", "x-ms-request-id: r"},
		},
	} {
		x := Exchanger{Authority: "login.microsoftonline.us", Now: time.Now}
		_, err := x.read(&http.Response{StatusCode: tt.status, Header: tt.header}, []byte(tt.body))
		f, ok := fault.As(err)
		if !ok {
			t.Errorf("%s: %v is no fault", name, err)
			continue
		}
		if f.Why != tt.why {
			t.Errorf("%s: the reason is %q, want %q", name, f.Why, tt.why)
		}
		if shown := strings.Contains(tt.why, "AADSTS"); strings.Contains(f.Message(), "Look up the AADSTS code") != shown {
			t.Errorf("%s: what to do speaks of a code that is shown: %v:\n%s", name, !shown, f.Message())
		}
		if want := append([]string{"HTTP status: " + strconv.Itoa(tt.status)}, tt.details...); !slices.Equal(f.Details, want) {
			t.Errorf("%s: the details are %q, want %q", name, f.Details, want)
		}
	}
}

// TestTransportErrors: what may pass is repeated, what cannot is not.
func TestTransportErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err   error
		body  io.Reader
		retry fault.Retry
		code  fault.Code
	}{
		"reset":        {io.ErrUnexpectedEOF, nil, fault.Soon, fault.EntraUnreachable},
		"cut":          {nil, io.MultiReader(strings.NewReader(`{"access`), failing{io.ErrUnexpectedEOF}), fault.Soon, fault.EntraUnreachable},
		"too large":    {nil, failing{network.ErrBodyTooLarge}, fault.Never, fault.EntraResponse},
		"no such host": {&net.DNSError{IsNotFound: true}, nil, fault.Never, fault.EntraUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				x := Exchanger{
					Authority: "login.microsoftonline.us", Now: time.Now,
					Transport: transport(func(*http.Request) (*http.Response, error) {
						if requests++; tt.err != nil {
							return nil, tt.err
						}
						return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(tt.body)}, nil
					}),
				}
				_, err := x.Exchange(t.Context(), secret.New("canary-jwt"))
				if requests != 1 {
					t.Errorf("%d requests, want one", requests)
				}
				f, _ := fault.As(err)
				if f == nil || f.Code != tt.code {
					t.Fatalf("error %#v, want %s", err, tt.code)
				}
				if f.Retry != tt.retry {
					t.Errorf("%s: retry %d, want %d", f.Code, f.Retry, tt.retry)
				}
			})
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
