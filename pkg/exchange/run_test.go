package exchange

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// account is that of the sandbox's roles.
const account = "arn:aws:iam::111122223333:role/"

// TestRun goes the whole way, with stand-ins of all services.
func TestRun(t *testing.T) {
	t.Parallel()
	entraInputs := map[string]string{"CONNECTIONTYPE": "azureResourceManager", "AZURESERVICECONNECTION": "azure-prod", "ENTRAAUDIENCE": "api://aws-sts-federation"}
	for name, tt := range map[string]struct {
		inputs map[string]string
		faults []string
		want   fault.Code // empty when the run succeeds
		// What is known in the end, each by its name; see known.
		known string
	}{
		"one role":                  {nil, nil, "", "identity presented first session"},
		"second role":               {map[string]string{"CHAINROLEARN": account + "second"}, nil, "", "identity presented first second"},
		"second role refused":       {map[string]string{"CHAINROLEARN": account + "denied"}, nil, fault.ChainDenied, "identity presented first"},
		"claims":                    {map[string]string{"REQUIREDCLAIMS": "def_id=42"}, nil, "", "identity presented pipeline first session"},
		"claims of another":         {map[string]string{"REQUIREDCLAIMS": "def_id=43"}, nil, fault.ClaimMismatch, "identity presented pipeline"},
		"first role refused":        {map[string]string{"ROLEARN": account + "denied"}, nil, fault.STSAccessDenied, "identity presented"},
		"no token":                  {nil, []string{"ado:status=401"}, fault.OIDCUnauthorized, ""},
		"at Entra":                  {entraInputs, nil, "", "identity exchanged first session"},
		"refused at Entra":          {entraInputs, []string{"entra:status=400,code=70021"}, fault.EntraNoCredential, "identity"},
		"a newer token":             {nil, []string{"sts:status=400,code=ExpiredTokenException,times=1"}, "", "identity presented first session"},
		"no newer token after one":  {nil, []string{"sts:status=400,code=ExpiredTokenException"}, fault.STSTokenExpired, "identity presented"},
		"a newer token that failed": {nil, []string{"sts:status=400,code=ExpiredTokenException", "ado:status=401,skip=1"}, fault.OIDCUnauthorized, "identity presented"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, world := planOf(t, tt.inputs)
			if err := world.SetFaults(tt.faults...); err != nil {
				t.Fatal(err)
			}
			var masked sync.Map // two tokens may be requested at once
			result, err := Run(t.Context(), plan, Options{Now: time.Now, Mask: func(v secret.Value) { masked.Store(v.Reveal(), true) }, Retrying: func(Retry) {}})
			if code := codeOf(err); code != tt.want {
				t.Errorf("the run ends with %q, want %q: %v", code, tt.want, err)
			}
			if diff := cmp.Diff(tt.known, known(&result)); diff != "" {
				t.Errorf("what is known in the end (-want +got):\n%s", diff)
			}
			for _, c := range []iam.Credentials{result.First.Credentials, result.Session.Credentials} {
				for _, v := range []string{c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal()} {
					if _, ok := masked.Load(v); v != "" && !ok {
						t.Errorf("a credential of %s is not masked", result.Session.AssumedRoleARN)
					}
				}
			}
			if violations := world.Violations(); len(violations) > 0 {
				t.Errorf("the stand-ins object: %q", violations)
			}
		})
	}
}

// planOf is the plan of a step with the given inputs beside those of the first role.
func planOf(t *testing.T, inputs map[string]string) (pipeline.Plan, *sandbox.Sandbox) {
	t.Helper()
	world, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	env := world.Environment(sandbox.EnvOptions{Proxy: true})
	env["INPUT_SERVICECONNECTION"], env["INPUT_ROLEARN"], env["INPUT_REGION"] = "aws-prod", account+"deploy", "eu-west-1"
	for name, value := range inputs {
		env["INPUT_"+name] = value
	}
	for name, value := range env {
		if conn, ok := world.Config().Connection(value); ok && strings.HasSuffix(name, "SERVICECONNECTION") {
			env[name] = conn.ID
		}
	}
	step, err := pipeline.Read(t.Context(), func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	step.Plan.Network.UserAgent = "assume-aws-role/1.0.0"
	return step.Plan, world
}

func codeOf(err error) fault.Code {
	if f, ok := fault.As(err); ok {
		return f.Code
	}
	return ""
}

// known names what a result holds. The token that was presented is "exchanged" when it is
// not the identity's own; the session is "second" when it is not the first role's.
func known(r *Result) string {
	var names []string
	for _, part := range []struct {
		name string
		held bool
	}{
		{"identity", r.Identity != nil},
		{"presented", r.Presented != nil && r.Presented == r.Identity},
		{"exchanged", r.Presented != nil && r.Presented != r.Identity},
		{"pipeline", r.Pipeline != nil},
		{"first", strings.Contains(r.First.AssumedRoleARN, ":assumed-role/deploy/")},
		{"session", r.Session.AssumedRoleARN != "" && r.Session.AssumedRoleARN == r.First.AssumedRoleARN},
		{"second", strings.Contains(r.Session.AssumedRoleARN, ":assumed-role/second/")},
	} {
		if part.held {
			names = append(names, part.name)
		}
	}
	return strings.Join(names, " ")
}

// TestTokensThatAreAskedFor: the pipeline's own token is asked for beside a connection's
// only when its claims are required.
func TestTokensThatAreAskedFor(t *testing.T) {
	t.Parallel()
	for claims, want := range map[string]int{"": 1, "def_id=42": 2} {
		plan, world := planOf(t, map[string]string{"REQUIREDCLAIMS": claims})
		if _, err := Run(t.Context(), plan, silent); err != nil {
			t.Fatal(err)
		}
		if got := len(world.Requests(sandbox.LegADO)); got != want {
			t.Errorf("with the claims %q, %d tokens were asked for, want %d", claims, got, want)
		}
	}
}

// A first role in front of a second gets AWS's shortest session and none of the limits,
// which are the second role's.
func TestLimitsAreOfTheLastRole(t *testing.T) {
	t.Parallel()
	plan, world := planOf(t, map[string]string{"CHAINROLEARN": account + "second", "DURATIONSECONDS": "1800"})
	if _, err := Run(t.Context(), plan, silent); err != nil {
		t.Fatal(err)
	}
	var durations []string
	for _, r := range world.Requests("sts") {
		durations = append(durations, r.Parameters["DurationSeconds"])
	}
	if diff := cmp.Diff([]string{"900", "1800"}, durations); diff != "" {
		t.Errorf("seconds asked for (-want +got):\n%s", diff)
	}
}

// An exchange does not begin with hosts that are not those of the services.
func TestRunRefusesItsPlan(t *testing.T) {
	t.Parallel()
	plan, world := planOf(t, nil)
	strange, unreadable := plan, plan
	strange.Job.OIDCRequestURI = "https://dev.azure.com.evil.example/x"
	unreadable.STSEndpoint.URL = "https://[::1"
	for want, p := range map[fault.Code]pipeline.Plan{fault.HostUntrusted: strange, fault.Internal: unreadable} {
		if _, err := Run(t.Context(), p, silent); codeOf(err) != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if sent := world.Requests(""); len(sent) > 0 {
		t.Errorf("requests were sent: %v", sent)
	}
}

// Credentials are of use until the moment at which they expire.
func TestCurrent(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	for late, want := range map[time.Duration]fault.Code{-time.Nanosecond: "", 0: fault.Clock, time.Hour: fault.Clock} {
		r := &run{result: &Result{}, opt: Options{Now: func() time.Time { return end.Add(late) }}}
		r.result.Session.Credentials.Expires = end
		if got := codeOf(r.current()); got != want {
			t.Errorf("%v after the end: %q, want %q", late, got, want)
		}
	}
	r := &run{result: &Result{Session: iam.Session{RequestID: "7"}}, opt: Options{Now: func() time.Time { return end.Add(time.Hour) }}}
	r.result.Session.Credentials.Expires = end
	f, _ := fault.As(r.current())
	if want := "they expire at 2026-11-05T12:00:00Z, and this machine's clock says 2026-11-05T13:00:00Z."; f.Why != want {
		t.Errorf("the reason is %q, want %q", f.Why, want)
	}
	if diff := cmp.Diff([]string{"request id: 7"}, f.Details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	r.result.Session.RequestID = ""
	if f, _ := fault.As(r.current()); len(f.Details) > 0 {
		t.Errorf("details without a request id: %q", f.Details)
	}
}

func TestEnded(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithTimeout(t.Context(), -time.Second)
	defer stop()
	for _, tt := range []struct {
		ctx  context.Context
		code fault.Code
		why  string
	}{
		{t.Context(), "", ""},
		{canceled, fault.Canceled, "the agent asked the task to stop: the run was canceled, or the job or the step ran out of time."},
		{late, fault.Timeout, "timeoutSeconds elapsed before the export."},
	} {
		err := Ended(tt.ctx, "before the export")
		if codeOf(err) != tt.code {
			t.Errorf("error %v, want %q", err, tt.code)
		}
		if f, ok := fault.As(err); ok && f.Why != tt.why {
			t.Errorf("%s: the reason is %q, want %q", f.Code, f.Why, tt.why)
		}
		if err != nil && !errors.Is(err, tt.ctx.Err()) {
			t.Errorf("the cause of %v is lost", err)
		}
	}
}

// Whichever token comes first: the connection's is what AWS sees, the pipeline's what the
// required claims are about.
func TestEachTokenHasItsUse(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		answered := make(chan struct{})
		r := &run{result: &Result{}, opt: silent, known: &foreign.Secrets{}}
		r.plan.ConnectionID = connection
		r.plan.Guard.Claims = []pipeline.ClaimRule{{Claim: "sub", Pattern: "p://*"}}
		r.tokens = idtoken.Requester{
			Endpoint: &url.URL{Scheme: "https", Host: "dev.azure.com"}, Now: time.Now,
			Transport: transport(func(q *http.Request) (*http.Response, error) {
				subject, connections := "p://org/project/pipeline", q.URL.Query().Has("serviceConnectionId")
				if connections {
					subject = "sc://org/project/connection"
				}
				if connections == first {
					defer close(answered)
				} else {
					<-answered
				}
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"oidcToken":"` + unsigned(subject) + `"}`))}, nil
			}),
		}
		token, err := r.identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if token.Reveal() != unsigned("sc://org/project/connection") {
			t.Errorf("connection first: %v: the wrong token is presented", first)
		}
		for want, got := range map[string]*claims.UnverifiedClaims{"sc://org/project/connection": r.result.Identity, "p://org/project/pipeline": r.result.Pipeline} {
			if got == nil || got.Subject != want {
				t.Errorf("connection first: %v: claims %+v, want those of %s", first, got, want)
			}
		}
	}
}
