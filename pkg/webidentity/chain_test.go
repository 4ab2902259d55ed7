package webidentity

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

var second = ChainRequest{
	Role:        iam.RoleARN{Partition: "aws", Account: "444455556666", Path: "/", Name: "second"},
	SessionName: "run-1",
	By:          iam.Credentials{AccessKeyID: "ASIAFIRST", SecretAccessKey: secret.New("canary-first"), SessionToken: secret.New("canary-first-token")},
	Limits:      Limits{DurationSeconds: 1800, Policy: `{"a":1}`, PolicyARNs: []string{"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"}},
	ExternalID:  secret.New("canary-external"), Tags: []iam.Tag{{Key: "team", Value: "a b"}}, TransitiveTagKeys: []string{"team"}, SourceIdentity: "me",
}

// stsAt answers every call with one status and body, and shows what it received.
func stsAt(t *testing.T, status int, body string, seen func(*http.Request)) Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		seen(r)
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return New(network.NewClient(network.Config{UserAgent: "assume-aws-role/test"}, time.Now, nil), server.URL, "sts.host", "eu-west-1", time.Now, &foreign.Secrets{})
}

func TestAssumeSendsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	body := strings.ReplaceAll(fmt.Sprintf(answerXML, "arn:aws:sts::444455556666:assumed-role/second/run-1", "canary-second"), "RoleWithWebIdentity", "Role")
	want := url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {second.Role.String()}, "RoleSessionName": {"run-1"}, "DurationSeconds": {"1800"},
		"Policy": {`{"a":1}`}, "PolicyArns.member.1.arn": {"arn:aws:iam::aws:policy/A"}, "PolicyArns.member.2.arn": {"arn:aws:iam::aws:policy/B"},
		"ExternalId": {"canary-external"}, "SourceIdentity": {"me"}, "TransitiveTagKeys.member.1": {"team"},
		"Tags.member.1.Key": {"team"}, "Tags.member.1.Value": {"a b"},
	}
	c := stsAt(t, http.StatusOK, body, func(r *http.Request) {
		if diff := cmp.Diff(want, r.PostForm); diff != "" {
			t.Error(diff)
		}
		signed := r.Header.Get("Authorization")
		if !strings.Contains(signed, "Credential=ASIAFIRST/") || !strings.Contains(signed, "/eu-west-1/sts/aws4_request") {
			t.Errorf("the request is signed with %s", signed)
		}
		if r.Header.Get("X-Amz-Security-Token") != "canary-first-token" {
			t.Error("the request does not carry the first session's token")
		}
		if r.UserAgent() != "assume-aws-role/test" || r.URL.RawQuery != "" {
			t.Errorf("User-Agent %q, query %q", r.UserAgent(), r.URL.RawQuery)
		}
	})
	s, err := c.Assume(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	if s.Credentials.SecretAccessKey.Reveal() != "canary-second" || s.Credentials.Expires.Year() != 2030 {
		t.Errorf("the credentials are not those of the answer: %+v", s)
	}
	if text := fmt.Sprintf("%+v %#v", s, s); strings.Contains(text, "canary") {
		t.Errorf("secret in %s", text)
	}
}

// TestRetryOfTheSecondRole: a fresh token of the pipeline does not help there.
func TestRetryOfTheSecondRole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		code   fault.Code
		retry  fault.Retry
	}{
		"denied":        {403, failure("AccessDenied", "not authorized"), fault.ChainDenied, fault.Propagation},
		"expired":       {403, failure("ExpiredToken", "x"), fault.STSTokenExpired, fault.Never},
		"duration":      {400, failure("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."), fault.STSDuration, fault.Never},
		"chain limit":   {400, failure("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"), fault.STSDuration, fault.Never},
		"validation":    {400, failure("ValidationError", "1 validation error detected"), fault.STSValidation, fault.Never},
		"policy":        {400, failure("MalformedPolicyDocument", "x"), fault.STSPolicy, fault.Never},
		"large policy":  {400, failure("PackedPolicyTooLarge", "Packed policy consumes 145% of allotted space, please use smaller policy."), fault.STSPolicy, fault.Never},
		"large tags":    {400, failure("PackedPolicyTooLarge", "Packed size of session tags consumes 128% of allotted space."), fault.STSTags, fault.Never},
		"no message":    {400, failure("Strange", ""), fault.STSRejected, fault.Never},
		"throttled":     {400, failure("Throttling", "Rate exceeded"), fault.STSThrottled, fault.Soon},
		"408":           {408, "", fault.STSUnavailable, fault.Soon},
		"401 of a host": {401, "no", fault.STSResponse, fault.Never},
		"too large":     {200, strings.Repeat("x", network.MaxBody+1), fault.STSResponse, fault.Never},
		"commands":      {400, failure("Strange", "##vso[task.complete]&#10;##vso[x]"), fault.STSRejected, fault.Never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c := stsAt(t, tt.status, tt.body, func(*http.Request) { requests++ })
			_, err := c.Assume(t.Context(), second)
			d, ok := fault.As(err)
			if requests != 1 {
				t.Errorf("%d requests, want one", requests)
			}
			if !ok || d.Code != tt.code {
				t.Fatalf("error %v, want %s", err, tt.code)
			}
			if d.Retry != tt.retry {
				t.Errorf("%s: retry %d, want %d", d.Code, d.Retry, tt.retry)
			}
			if d.Retry == fault.Soon && d.After != 7*time.Second {
				t.Errorf("the wait is %v", d.After)
			}
			if strings.Contains(d.Message(), "canary") || strings.Contains(d.Why, "\n") {
				t.Errorf("message: %s", d.Message())
			}
			if strings.Contains(d.Message(), "UnknownError") {
				t.Errorf("the SDK's own words pass for AWS's: %s", d.Message())
			}
			if !strings.HasPrefix(strings.Join(d.Details, "\n"), "HTTP status: "+strconv.Itoa(tt.status)) {
				t.Errorf("details %q", d.Details)
			}
		})
	}
}

// TestRequestThatCannotBeBuilt is refused by the SDK before anything is sent, so that a
// repetition does not help; one whose time has ended says that.
func TestRequestThatCannotBeBuilt(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	c := New(nil, "https://sts.host", "sts.host", strings.Repeat("a", 64), time.Now, &foreign.Secrets{})
	if _, err := c.Assume(t.Context(), second); !isFault(err, fault.Internal) {
		t.Errorf("a region of 64 characters: %v, want %s", err, fault.Internal)
	}
	if _, err := c.Assume(ended, second); isFault(err, fault.Internal) {
		t.Errorf("a request whose time has ended: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := New(network.NewClient(network.Config{}, time.Now, nil), server.URL, "sts.host", "eu-west-1", time.Now, &foreign.Secrets{})
	_, err := c.Assume(t.Context(), second)
	d, ok := fault.As(err)
	if !ok || d.Code != fault.STSUnreachable {
		t.Fatalf("error %v, want %s", err, fault.STSUnreachable)
	}
	if d.Retry != fault.Soon || d.Why != "the connection was refused." {
		t.Errorf("the reason is %q, retry %d", d.Why, d.Retry)
	}
}
