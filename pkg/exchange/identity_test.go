package exchange

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

const (
	connection = "0a1b2c3d-1111-2222-3333-444455556666"
	entraOf    = "/eid1/c/pub/t/AAAA/a/BBBB/"
	org        = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
)

func TestSameIdentity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asked, subject string
		want           bool
	}{
		{"", "p://org/project/pipeline", true},
		{"", entraOf + "pl/" + org + "/x", true},
		{"", "sc://org/project/connection", false},
		{"", entraOf + "sc/" + org + "/" + connection, false},
		{"", "", false},
		{connection, "sc://org/project/connection", true},
		{connection, entraOf + "sc/" + org + "/" + connection, true},
		{connection, entraOf + "sc/" + org + "/" + strings.ToUpper(connection), true},
		{connection, "p://org/project/pipeline", false},
		{connection, "p://sc://org/" + connection, false},
		{connection, entraOf + "pl/" + org + "/" + connection, false},
		{connection, entraOf + "sc/" + org + "/1" + connection, false},
		{connection, entraOf + "sc/" + org + "/" + connection + "/x", false},
		{connection, "/sc/" + connection, false},
		{connection, "", false},
	} {
		err := (&run{}).sameIdentity(claims.UnverifiedClaims{Subject: tt.subject}, tt.asked, []string{"id: 7"})
		f, failed := fault.As(err)
		want := fault.IdentityMismatch
		if tt.want {
			want = ""
		}
		if codeOf(err) != want {
			t.Errorf("asked for %q, got %q: error %v, want %q", tt.asked, tt.subject, err, want)
		}
		asked := "requested: the service connection " + tt.asked + "; received: the subject " + tt.subject + " ("
		if tt.asked == "" {
			asked = "requested: the pipeline itself; received: the subject " + tt.subject + " ("
		}
		if failed && !strings.HasPrefix(f.Why, asked) {
			t.Errorf("the reason %q does not begin with %q", f.Why, asked)
		}
		if connection := !strings.Contains(asked, "pipeline itself"); failed && strings.Contains(f.Message(), "Select the service connection itself") != connection {
			t.Errorf("asked for %q: what to do speaks of a connection: %v:\n%s", tt.asked, !connection, f.Message())
		}
		if failed && !slices.Equal(f.Details, []string{"id: 7"}) {
			t.Errorf("the ids of the answer are lost: %q", f.Details)
		}
	}
}

func TestGuardNamesEachMismatch(t *testing.T) {
	t.Parallel()
	raw := map[string]any{"rpo_ref": "refs/heads/main", "def_id": json.Number("42"), "empty": ""}
	for _, tt := range []struct {
		rules []pipeline.ClaimRule
		want  []string // parts of the message; none when the rules hold
	}{
		{nil, nil},
		{[]pipeline.ClaimRule{{Claim: "rpo_ref", Pattern: "refs/*"}, {Claim: "empty", Pattern: "*"}}, nil},
		{[]pipeline.ClaimRule{{Claim: "rpo_ref", Pattern: "refs/heads/Main"}}, []string{`rpo_ref: required "refs/heads/Main", the token says "refs/heads/main"`}},
		{[]pipeline.ClaimRule{{Claim: "rpo_ref", Pattern: "hidden", Withheld: true}}, []string{`a claim of requiredClaims (not shown): required the value (not shown,`, `the token says "refs/heads/main"`}},
		{[]pipeline.ClaimRule{{Claim: "absent", Pattern: "*"}}, []string{`absent: required "*", but the token has no such claim`}},
		{[]pipeline.ClaimRule{{Claim: "def_id", Pattern: "*"}}, []string{`def_id: required "*", but the claim is not a string: the token says 42`}},
		{[]pipeline.ClaimRule{{Claim: "rpo_ref", Pattern: "*"}, {Claim: "a", Pattern: "x"}, {Claim: "b", Pattern: "y"}}, []string{"a: required", "b: required"}},
	} {
		r := &run{result: &Result{}, opt: silent}
		r.plan.Guard.Claims = tt.rules
		err := r.guard(&claims.UnverifiedClaims{Raw: raw}, []string{"id: 7"})
		f, ok := fault.As(err)
		want := fault.ClaimMismatch
		if len(tt.want) == 0 {
			want = ""
		}
		if codeOf(err) != want {
			t.Errorf("%v: error %v, want %q", tt.rules, err, want)
		}
		if ok && !slices.Equal(f.Details, []string{"id: 7"}) {
			t.Errorf("the ids of the answer are lost: %q", f.Details)
		}
		for _, want := range tt.want {
			if !ok || !strings.Contains(f.Why, want) {
				t.Errorf("%v: the fault %+v lacks %q", tt.rules, f, want)
			}
		}
	}
}

// silent are options for runs of which nothing is told.
var silent = Options{Now: time.Now, Mask: func(secret.Value) {}, Retrying: func(Retry) {}}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRefusalEndsTheOtherRequest wants the refusal of either token said at once, and
// nothing under way when the step ends.
func TestRefusalEndsTheOtherRequest(t *testing.T) {
	t.Parallel()
	for _, ofConnection := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			start, ended, requests := time.Now(), false, atomic.Int32{}
			r := &run{result: &Result{}, opt: silent}
			r.plan.ConnectionID = connection
			r.plan.Guard.Claims = []pipeline.ClaimRule{{Claim: "def_id", Pattern: "*"}}
			r.tokens = idtoken.Requester{
				Endpoint: &url.URL{Scheme: "https", Host: "dev.azure.com"}, Now: time.Now,
				Transport: transport(func(q *http.Request) (*http.Response, error) {
					requests.Add(1)
					if q.URL.Query().Has("serviceConnectionId") == ofConnection {
						return &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody}, nil
					}
					<-q.Context().Done()
					time.Sleep(time.Second)
					ended = true
					return nil, q.Context().Err()
				}),
			}
			_, err := r.identity(t.Context())
			if codeOf(err) != fault.OIDCUnauthorized {
				t.Errorf("error %v, want %s", err, fault.OIDCUnauthorized)
			}
			if !ended {
				t.Error("the other request is still under way")
			}
			if n := requests.Load(); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("the refusal took %v, want that of ending the other request", took)
			}
		})
	}
}

// TestUnreadableTokenKeepsTheIDs of the answer that brought it: only the service can say
// why it issued such a token.
func TestUnreadableTokenKeepsTheIDs(t *testing.T) {
	t.Parallel()
	r := &run{result: &Result{}, known: &foreign.Secrets{}, opt: Options{Now: time.Now, Mask: func(secret.Value) {}}}
	r.tokens = idtoken.Requester{
		Endpoint: &url.URL{Scheme: "https", Host: "dev.azure.com"}, Now: time.Now,
		Transport: transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"X-Vss-E2eid": {"e-7"}},
				Body: io.NopCloser(strings.NewReader(`{"oidcToken":"canary-no.canary-token"}`)),
			}, nil
		}),
	}
	_, err := r.identity(t.Context())
	f, ok := fault.As(err)
	if codeOf(err) != fault.TokenMalformed {
		t.Errorf("error %v, want %s", err, fault.TokenMalformed)
	}
	if ok && !slices.Equal(f.Details, []string{"HTTP status: 200", "x-vss-e2eid: e-7"}) {
		t.Errorf("the details are %q, want those of the answer", f.Details)
	}
	if ok && strings.Contains(f.Message(), "canary") {
		t.Errorf("the token is quoted: %s", f.Message())
	}
}

// unsigned is a token with the subject and no signature, of which only claims are read.
func unsigned(subject string) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"RS256"}`) + "." + part(`{"iss":"i","sub":"`+subject+`","aud":"a"}`) + "." + part("signature")
}
