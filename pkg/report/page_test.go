package report

import (
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
)

func deniedRun(t *testing.T) Run {
	t.Helper()
	role, problem := iam.ParseRoleARN("arn:aws:iam::111122223333:role/deploy")
	if problem != "" {
		t.Fatal(problem)
	}
	presented := claims.FromMap(map[string]any{
		"iss": "https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13", "sub": "sc://contoso-eng/payments/aws-prod", "aud": "api://AzureADTokenExchange",
	})
	return Run{
		Plan: pipeline.Plan{
			Job:  pipeline.Job{CollectionURI: "https://dev.azure.com/contoso-eng/", Project: "payments"},
			Role: pipeline.Role{ARN: role}, Extension: "assume-aws-role.assume-aws-role",
		},
		Result: exchange.Result{Presented: &presented},
	}
}

// linkOf is the denial that the link in a failure carries, and the address before it.
func linkOf(t *testing.T, r Run, code fault.Code) (address string, d setuppage.Denial, ok bool) {
	t.Helper()
	for _, line := range r.Failure(&fault.Fault{Code: code}).Details {
		address, fragment, found := strings.Cut(strings.TrimSpace(line), "#denial=")
		if !found {
			continue
		}
		d, ok := setuppage.FromFragment("denial=" + fragment)
		return address, d, ok
	}
	return "", d, false
}

func TestDenialsLinkToTheSetUpPage(t *testing.T) {
	t.Parallel()
	for _, code := range []fault.Code{fault.STSAccessDenied, fault.STSNoProvider, fault.STSAudience, fault.STSInvalidToken} {
		address, d, ok := linkOf(t, deniedRun(t), code)
		if want := "https://dev.azure.com/contoso-eng/payments/_settings/assume-aws-role.assume-aws-role.setup"; address != want {
			t.Errorf("%s: the link leads to %q, want %q", code, address, want)
		}
		if !ok || d.Code != string(code) {
			t.Errorf("%s: the link carries no code, or another: %+v", code, d)
		}
		if d.Role != "arn:aws:iam::111122223333:role/deploy" {
			t.Errorf("%s: the link carries the role %q", code, d.Role)
		}
	}
}

func TestMaskedAccountIsNotInTheLink(t *testing.T) {
	t.Parallel()
	r := deniedRun(t)
	r.Plan.MaskAccountID = true
	if _, d, ok := linkOf(t, r, fault.STSAccessDenied); !ok || d.Role != "arn:aws:iam:::role/deploy" {
		t.Errorf("the link carries the role %q", d.Role)
	}
}

func TestNoLink(t *testing.T) {
	t.Parallel()
	unpacked, elsewhere, secretive := deniedRun(t), deniedRun(t), deniedRun(t)
	unpacked.Plan.Extension = ""
	secretive.Plan.Job.JobToken = secret.New("contoso-eng/payments/aws")
	secretive.Result.Known = &foreign.Secrets{}
	secretive.Result.Known.Add(secretive.Plan.Job.JobToken)
	for name, tt := range map[string]struct {
		run  Run
		code fault.Code
	}{
		"a claim that holds the job's token":  {secretive, fault.STSAccessDenied},
		"a program that was not packed":       {unpacked, fault.STSAccessDenied},
		"a failure that is not of a trust":    {elsewhere, fault.STSThrottled},
		"a second role, which has no subject": {elsewhere, fault.ChainDenied},
	} {
		if address, _, _ := linkOf(t, tt.run, tt.code); address != "" {
			t.Errorf("%s: a link to %s", name, address)
		}
	}
}
