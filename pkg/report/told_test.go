package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// told is what a log says, part by part.
func told(step pipeline.Step, result exchange.Result, say ...func(*Log)) string {
	var b strings.Builder
	l := &Log{Out: vso.NewWriter(&b, true), Step: step, Result: result}
	for _, part := range say {
		part(l)
	}
	return b.String()
}

func role(t *testing.T, arn string) iam.RoleARN {
	t.Helper()
	r, problem := iam.ParseRoleARN(arn)
	if problem != "" {
		t.Fatal(problem)
	}
	return r
}

var issued = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// granted is a session of a role for an hour.
func granted(role string) iam.Session {
	return iam.Session{
		AssumedRoleARN: "arn:aws:sts::111122223333:assumed-role/" + role + "/run",
		Credentials:    iam.Credentials{Issued: issued, Expires: issued.Add(time.Hour)},
	}
}

const vstoken = "https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"

// TestMinimalLog is the whole of an ordinary step.
func TestMinimalLog(t *testing.T) {
	t.Parallel()
	c := claims.FromMap(map[string]any{"iss": vstoken, "sub": subject, "aud": "api://AzureADTokenExchange", "iat": float64(1795694400), "exp": float64(1795694700)})
	step := pipeline.Step{
		RoleSource: "input roleArn", Region: "eu-west-1", RegionSource: "input region",
		Plan: pipeline.Plan{ConnectionID: "id", Role: pipeline.Role{ARN: role(t, roleDeploy), SessionName: "run", DurationSeconds: 3600}},
	}
	result := exchange.Result{Session: granted("deploy"), First: granted("deploy"), Identity: &c, Presented: &c, Pipeline: &c}
	want := `role:          arn:aws:iam::111122223333:role/deploy (from input roleArn)
region:        eu-west-1 (from input region)
session name:  run
guards:        none (no pinned role, no allowedAccountIds, no requiredClaims)
identity:      service connection, Azure DevOps issuer
issuer:        https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
subject:       sc://contoso-eng/payments/aws-prod
audience:      api://AzureADTokenExchange
token valid:   from 2026-11-26T12:00:00Z to 2026-11-26T12:05:00Z
AWS condition keys: aud = api://AzureADTokenExchange, sub = sc://contoso-eng/payments/aws-prod
issuer note:   Microsoft has announced the retirement of this issuer on 2027-07-01 for connections that can be converted, and has not said what happens to this type of identity: ` + migrationPage + `
assumed role:  arn:aws:sts::111122223333:assumed-role/deploy/run
account:       111122223333
expires:       2026-11-26T13:00:00Z (in 1h0m0s)
`
	checkWhole(t, step, result, want)
}

// checkWhole compares the log of a step from its first line to its last.
func checkWhole(t *testing.T, step pipeline.Step, result exchange.Result, want string) {
	t.Helper()
	if diff := cmp.Diff(want, told(step, result, (*Log).Ignored, (*Log).Network, (*Log).Intent, (*Log).Tokens, (*Log).Session)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// TestFullLog is the whole of a step that uses everything there is.
func TestFullLog(t *testing.T) {
	t.Parallel()
	c := claims.FromMap(map[string]any{"iss": vstoken, "sub": subject, "aud": "api://AzureADTokenExchange"})
	entra := claims.FromMap(map[string]any{
		"iss": "https://sts.windows.net/11111111-2222-3333-4444-555566667777/", "sub": "s", "aud": "api://a", "azp": "z", "iat": float64(1795694400), "exp": float64(1795694700),
	})
	own := claims.FromMap(map[string]any{"iss": vstoken, "sub": "p://contoso-eng/payments/deploy", "aud": "api://AzureADTokenExchange"})
	step := pipeline.Step{
		Kind: pipeline.AzureResourceManager, RoleSource: "environmentRoles", Region: "eu-west-1", RegionSource: "AWS_REGION",
		Environment: pipeline.EnvironmentName{Name: "prod", Source: "input environment"}, Export: pipeline.Export{Mode: pipeline.ExportBoth},
		Unused: []pipeline.Unused{{Because: "exportAs is profile", Inputs: []string{"variablePrefix", "x"}}, {Because: "y", Inputs: []string{"z"}}},
		Notes:  []network.Note{{Text: "quiet", Debug: true}, {Text: "loud"}},
		Plan: pipeline.Plan{
			Role:  pipeline.Role{ARN: role(t, roleDeploy), SessionName: "run", DurationSeconds: 1799},
			Chain: &pipeline.Chain{ARN: role(t, "arn:aws:iam::444455556666:role/second")},
			Entra: &pipeline.EntraExchange{Audience: "api://a"},
		},
	}
	result := exchange.Result{Session: granted("second"), First: granted("deploy"), Identity: &c, Presented: &entra, Pipeline: &own}
	want := `ignored, because exportAs is profile: variablePrefix, x; because y: z
##vso[task.debug]quiet
loud
environment:   prod (from input environment)
role:          arn:aws:iam::111122223333:role/deploy (from environmentRoles)
second role:   arn:aws:iam::444455556666:role/second
region:        eu-west-1 (from AWS_REGION)
session name:  run
guards:        none (no pinned role, no allowedAccountIds, no requiredClaims)
##vso[task.logissue type=warning]durationSeconds is below 1800: with a profile, tools ask for new credentials every few minutes; use 3600.
guarded by:    p://contoso-eng/payments/deploy (the pipeline's own token, compared with requiredClaims)
identity:      service connection, Azure DevOps issuer
issuer:        https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
subject:       sc://contoso-eng/payments/aws-prod
audience:      api://AzureADTokenExchange
token valid:   from a time not stated to a time not stated
AWS condition keys: aud = api://AzureADTokenExchange, sub = sc://contoso-eng/payments/aws-prod
exchanged at Microsoft Entra for a token with the audience api://a:
identity:      Entra access token, version 1
issuer:        https://sts.windows.net/11111111-2222-3333-4444-555566667777/
subject:       s
audience:      api://a
authorized:    z (azp)
token valid:   from 2026-11-26T12:00:00Z to 2026-11-26T12:05:00Z
AWS condition keys: aud = z, oaud = api://a, sub = s
##vso[task.logissue type=warning]This connection uses the Azure DevOps issuer, which Microsoft retires on 2027-07-01. Convert the connection, and trust both issuers meanwhile (assume-aws-role trust-policy generate --migrate): ` + migrationPage + `
first role:    arn:aws:sts::111122223333:assumed-role/deploy/run
assumed role:  arn:aws:sts::111122223333:assumed-role/second/run
account:       444455556666
expires:       2026-11-26T13:00:00Z (in 1h0m0s)
`
	checkWhole(t, step, result, want)
}

// TestShortSessionsOfAProfile: only a profile that is exported renews.
func TestShortSessionsOfAProfile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mode    pipeline.ExportMode
		seconds int32
		check   bool
		warned  bool
	}{
		"short":      {pipeline.ExportProfile, 1799, false, true},
		"half hour":  {pipeline.ExportProfile, 1800, false, false},
		"variables":  {pipeline.ExportVariables, 900, false, false},
		"check only": {pipeline.ExportProfile, 900, true, false},
	} {
		step := pipeline.Step{Export: pipeline.Export{Mode: tt.mode}, CheckOnly: tt.check, Plan: pipeline.Plan{Role: pipeline.Role{DurationSeconds: tt.seconds}}}
		if said := told(step, exchange.Result{}, (*Log).Intent); strings.Contains(said, "durationSeconds is below 1800") != tt.warned {
			t.Errorf("%s: the log is %q, want a warning: %v", name, said, tt.warned)
		}
	}
}

// TestTokensThatThereAre: a log says what is known, and speaks of the issuer's retirement
// only where it issued the token.
func TestTokensThatThereAre(t *testing.T) {
	t.Parallel()
	entra := claims.FromMap(map[string]any{"iss": "https://login.microsoftonline.com/t/v2.0", "sub": "/eid1/c/pub/t/x/a/y/sc/z/w"})
	if said := told(pipeline.Step{}, exchange.Result{}, (*Log).Tokens); said != "" {
		t.Errorf("without a token the log says %q", said)
	}
	said := told(pipeline.Step{}, exchange.Result{Pipeline: &entra, Identity: &entra, Presented: &entra}, (*Log).Tokens)
	if strings.Contains(said, "2027-07-01") {
		t.Errorf("another issuer is said to retire: %s", said)
	}
	if strings.Contains(said, "guarded by") || strings.Count(said, "identity:") != 1 {
		t.Errorf("one token is told as several: %s", said)
	}
	if said := told(pipeline.Step{}, exchange.Result{Pipeline: &entra}, (*Log).Tokens); said != "" {
		t.Errorf("with the pipeline's token alone the log says %q", said)
	}
}

// TestCheckOnly ends with a policy and with advice that fits the set-up.
func TestCheckOnly(t *testing.T) {
	t.Parallel()
	r := runWith()
	for name, tt := range map[string]struct {
		plan   pipeline.Plan
		more   []string
		advice string
	}{
		"pipeline itself": {
			pipeline.Plan{Role: r.Plan.Role},
			[]string{"more"},
			"Advice:\n  - more\n  - Compare the role's trust policy with the one above: conditions on both aud and sub, no wildcards.\n" +
				"  - Set allowedAccountIds, so that a wrong role ARN cannot reach another account.\n" +
				"  - Use a service connection for production: approvals and checks do not guard the pipeline's own identity.\n  - Set checkOnly to false to export the credentials.\n",
		},
		"guarded connection": {
			pipeline.Plan{Role: r.Plan.Role, ConnectionID: "id", Guard: pipeline.Guard{Accounts: []iam.Account{"111122223333"}}},
			nil,
			"Advice:\n  - Compare the role's trust policy with the one above: conditions on both aud and sub, no wildcards.\n  - Set checkOnly to false to export the credentials.\n",
		},
	} {
		said := told(pipeline.Step{Plan: tt.plan, CheckOnly: true}, r.Result, func(l *Log) { l.Check(tt.more) })
		if !strings.HasPrefix(said, "\ncheckOnly: the exchange works. Nothing was exported, and no output variables were set.\nFor comparison, a trust policy that allows exactly this identity:\n{\n") {
			t.Errorf("%s: the log begins %q", name, said)
		}
		if !strings.HasSuffix(said, "}\n\n"+tt.advice) {
			t.Errorf("%s: the log ends %q, want %q", name, said, tt.advice)
		}
	}
}

// TestReadableInEveryRun: a secret of the job stays masked, but for checkOnly.
func TestReadableInEveryRun(t *testing.T) {
	t.Parallel()
	r := runWith()
	step := pipeline.Step{Plan: r.Plan, JobSecrets: []secret.Value{secret.New("payments")}}
	for check, want := range map[bool]string{false: subject, true: `"sc://contoso-eng/paym" + "ents/aws-prod"`} {
		step.CheckOnly = check
		if got := (&Log{Step: step, Result: r.Result}).Readable(subject); got != want {
			t.Errorf("with checkOnly %v the subject is %s, want %s", check, got, want)
		}
	}
}

// TestClock names a clock that AWS would not tolerate, beside refusals only.
func TestClock(t *testing.T) {
	t.Parallel()
	const ahead = "Likely cause: the server's clock is 5m1s ahead of this agent's clock; AWS tolerates 5 minutes. Set the agent's clock (NTP)."
	for _, tt := range []struct {
		code fault.Code
		skew time.Duration
		want string
	}{
		{fault.STSInvalidToken, 5*time.Minute + time.Second, ahead},
		{fault.STSInvalidToken, 5 * time.Minute, ""},
		{fault.STSInvalidToken, -5 * time.Minute, ""},
		{fault.EntraAssertionExpired, -301 * time.Second, strings.Replace(ahead, "ahead of", "behind", 1)},
		{fault.OIDCUnauthorized, 301 * time.Second, ahead},
		{fault.ChainDenied, 301 * time.Second, ahead},
		{fault.Clock, 301 * time.Second, ahead},
		{fault.Input, 301 * time.Second, ""},
		{fault.ProfileWrite, time.Hour, ""},
	} {
		if got := skewText(tt.code, tt.skew); got != tt.want {
			t.Errorf("%s and %s: %q, want %q", tt.code, tt.skew, got, tt.want)
		}
	}
	f := Run{Result: exchange.Result{Skew: 301 * time.Second}}.Failure(&fault.Fault{Code: fault.OIDCUnauthorized})
	if !strings.Contains(f.Message(), ahead) {
		t.Errorf("the failure is silent about the clock: %s", f.Message())
	}
}

// TestRefusalsOfTheIdentity are explained by what was presented; others are not.
func TestRefusalsOfTheIdentity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code  fault.Code
		first string
	}{
		{fault.STSAccessDenied, "name"},
		{fault.STSNoProvider, "provider"},
		{fault.STSAudience, "client id"},
		{fault.STSInvalidToken, "token"},
		{fault.STSKeyRetrieval, "token"},
		{fault.STSThumbprint, "thumbprint"},
		{fault.STSTokenExpired, ""},
		{fault.STSThrottled, ""},
		{fault.ChainDenied, ""},
	} {
		said := strings.Join(runWith().explain(tt.code), "\n")
		_, causes, explained := strings.Cut(said, "Likely causes, most likely first:\n  - ")
		if explained != (tt.first != "") {
			t.Errorf("%s is explained: %v", tt.code, explained)
			continue
		}
		first, _, _ := strings.Cut(causes, "\n")
		if !strings.Contains(strings.ToLower(first), tt.first) {
			t.Errorf("%s: the likeliest cause is %q, want one about the %s", tt.code, first, tt.first)
		}
		if explained && !strings.Contains(said, "\n  URL: https://vstoken.dev.azure.com/0f8a7c52\n  client id: api://AzureADTokenExchange\n") {
			t.Errorf("%s: the provider is missing: %s", tt.code, said)
		}
	}
	if said := (Run{}).explain(fault.STSAccessDenied); said != nil {
		t.Errorf("explained without a token: %q", said)
	}
	r := runWith()
	c := claims.FromMap(map[string]any{"iss": "https://sts.windows.net/11111111-2222-3333-4444-555566667777/", "sub": "s", "aud": "api://a", "azp": "z"})
	r.Result.Presented = &c
	if said := strings.Join(r.explain(fault.STSAccessDenied), "\n"); !strings.Contains(said, "  client id, :aud:        z\n  :oaud:                  api://a\n  :sub:                   s\n") {
		t.Errorf("the keys of a token with azp are missing: %s", said)
	}
	c = claims.FromMap(map[string]any{"iss": vstoken, "sub": "sc://o/p/${x}", "aud": "api://AzureADTokenExchange"})
	if said := strings.Join(r.explain(fault.STSAccessDenied), "\n"); !strings.Contains(said, "No trust policy can allow exactly this identity: ") || strings.Contains(said, "\"Statement\"") {
		t.Errorf("a policy is offered for an identity that none can name: %s", said)
	}
}

// TestDeniedSecondRole: the policy allows exactly the call that was made.
func TestDeniedSecondRole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		chain        pipeline.Chain
		want, absent []string
	}{
		"plain": {
			pipeline.Chain{},
			[]string{"\"Action\": [\n        \"sts:AssumeRole\"\n      ]", `"AWS": "` + roleDeploy + `"`, "What was presented to AWS: the session arn:aws:sts::111122223333:assumed-role/deploy/run"},
			[]string{"Condition\":", "The Action lacks"},
		},
		"tags": {
			pipeline.Chain{Tags: []iam.Tag{{Key: "k", Value: "v"}}},
			[]string{"\"sts:AssumeRole\",\n        \"sts:TagSession\"\n", "  - The Action lacks sts:TagSession."},
			[]string{"sts:SetSourceIdentity"},
		},
		"everything": {
			pipeline.Chain{Tags: []iam.Tag{{Key: "k", Value: "v"}}, SourceIdentity: "i", ExternalID: secret.New("canary")},
			[]string{"The Action lacks sts:TagSession or sts:SetSourceIdentity.", `"sts:ExternalId": "(the value of chainExternalId)"`},
			[]string{"canary"},
		},
	} {
		r := runWith()
		tt.chain.ARN = role(t, "arn:aws:iam::444455556666:role/second")
		r.Plan.Chain, r.Result.First = &tt.chain, granted("deploy")
		said := strings.Join(r.explain(fault.ChainDenied), "\n")
		for _, want := range tt.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is missing in %s", name, want, said)
			}
		}
		for _, absent := range tt.absent {
			if strings.Contains(said, absent) {
				t.Errorf("%s: %q stands in %s", name, absent, said)
			}
		}
	}
}

// TestMaskAccounts registers the numbers of 12 digits that stand for an account.
func TestMaskAccounts(t *testing.T) {
	t.Parallel()
	const text = "000000000000 arn:aws:iam::111122223333:role/x (account 999999999999) 444455556666_Admin/123456789012: 1234567890123 12345678901 0a1b2c3d-1111-2222-3333-555566667777"
	for mask, want := range map[bool]string{
		true:  "##vso[task.setsecret]000000000000\n##vso[task.setsecret]111122223333\n##vso[task.setsecret]999999999999\n##vso[task.setsecret]444455556666\n##vso[task.setsecret]123456789012\n",
		false: "",
	} {
		var b strings.Builder
		l := Log{Out: vso.NewWriter(&b, true)}
		l.Step.Export.MaskAccountID = mask
		l.MaskAccounts(text)
		if b.String() != want {
			t.Errorf("masked when asked for (%v):\n%s", mask, b.String())
		}
	}
}

// TestRetrying is one line: what, why, how long, and which of how many.
func TestRetrying(t *testing.T) {
	t.Parallel()
	n := exchange.Retry{Request: "token request", Fault: &fault.Fault{Code: fault.OIDCThrottled, Summary: "throttled"}, Wait: 1260 * time.Millisecond, Attempt: 2, Attempts: 5}
	if got := Retrying(n); !strings.HasPrefix(got, "token request: ") || !strings.HasSuffix(got, "; next try in 1.3s (2 of 5)") {
		t.Errorf("the line is %q", got)
	}
	n.Wait = 0
	if got := Retrying(n); !strings.HasSuffix(got, "; next try at once (2 of 5)") {
		t.Errorf("without a wait, the line is %q", got)
	}
}
