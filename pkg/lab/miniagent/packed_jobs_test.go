package miniagent

import (
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// TestPackedIdentities: each kind of identity gets a session, whose outputs a later
// step uses.
func TestPackedIdentities(t *testing.T) {
	t.Parallel()
	azure := func(name string, more ...string) Step {
		return assume(append([]string{"connectionType", "azureResourceManager", "azureServiceConnection", name, "roleArn", deployRole}, more...)...)
	}
	entra := sandbox.EnvOptions{Proxy: true}
	for _, tt := range []struct {
		name    string
		step    Step
		options sandbox.EnvOptions
		said    string
	}{
		{"connection", prod(), sandbox.EnvOptions{}, "sc://contoso-eng/payments/aws-prod"},
		{"pinned", assume("serviceConnection", "aws-pinned", "region", ""), sandbox.EnvOptions{}, "sc://contoso-eng/payments/aws-pinned"},
		{"toolkit", assume("connectionType", "awsToolkit", "awsServiceConnection", "aws-toolkit"), sandbox.EnvOptions{}, "sc://contoso-eng/payments/aws-toolkit"},
		{"azure", azure("azure-prod"), sandbox.EnvOptions{}, "issuer: "},
		{"azure, old issuer", azure("azure-old"), sandbox.EnvOptions{}, "2027-07-01"},
		{
			"azure devops",
			assume("connectionType", "azureDevOps", "azureDevOpsServiceConnection", "ado-prod", "roleArn", deployRole),
			sandbox.EnvOptions{},
			"issuer: ",
		},
		{"pipeline", assume("connectionType", "none", "roleArn", deployRole), sandbox.EnvOptions{}, "p://contoso-eng/payments/deploy-infra"},
		{"real host names, through the proxy", prod("stsEndpoint", ""), sandbox.EnvOptions{TLS: true}, "sc://contoso-eng/payments/aws-prod"},
		{"exchange at Entra", azure("azure-prod", "entraAudience", "api://aws-sts-federation"), entra, "issuer: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPacked(t, tt.options, tt.step, mapped(`echo "account $(aws.accountId) $AWS_ACCOUNTID role $(aws.assumedRoleArn) in $AWS_REGION"
				test -n "$AWS_ACCESS_KEY_ID" -a -n "$AWS_SECRET_ACCESS_KEY" -a -n "$AWS_SESSION_TOKEN"`))
			r := p.play(Succeeded)
			p.exported(r, "", true)
			p.logged(r, tt.said, "account 111122223333 111122223333 role arn:aws:sts::111122223333:assumed-role/deploy/", "in eu-west-1")
			for _, name := range []string{"accountId", "assumedRoleArn", "expiration", "issuer", "subject"} {
				v := r.Variables["aws."+name]
				if v.Value == "" {
					t.Errorf("the output %s is not set", name)
				}
				if v.Secret || !v.ReadOnly {
					t.Errorf("the output %s is secret or may be set: %+v", name, v)
				}
			}
		})
	}
}

const whoami = `aws sts get-caller-identity --query Arn --output text`

// unnamed is a step without a reference name, which must be unique in a job.
func unnamed(s Step) Step {
	s.Name = ""
	return s
}

func needCLI(t *testing.T) {
	t.Helper()
	need.Program(t, "aws", "apt-get install awscli")
}

// TestPackedCLI: the AWS CLI of a later script uses each kind of export.
func TestPackedCLI(t *testing.T) {
	t.Parallel()
	needCLI(t)
	for _, tt := range []struct {
		name  string
		steps []Step
	}{
		{"variables", []Step{prod(), mapped(whoami)}},
		{"profile", []Step{prod("exportAs", "profile"), {Script: whoami}}},
		{"both", []Step{prod("exportAs", "both"), mapped(whoami)}},
		{"two profiles", []Step{
			prod("exportAs", "profile", "profileName", "first"),
			unnamed(prod("roleArn", "arn:aws:iam::111122223333:role/short", "exportAs", "profile", "profileName", "second")),
			{Script: `test "$AWS_PROFILE" = second && aws sts get-caller-identity --query Arn --output text --profile first && ` + whoami},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPacked(t, sandbox.EnvOptions{}, tt.steps...)
			r := p.play(Succeeded)
			p.logged(r, "arn:aws:sts::111122223333:assumed-role/deploy/payments-deploy-infra-98765")
			if tt.name == "two profiles" {
				p.logged(r, "arn:aws:sts::111122223333:assumed-role/short/payments-deploy-infra-98765")
			}
		})
	}
}

// TestPackedProfile: a later script without an env block gets credentials from the
// profile's process; nothing but the profile's names is exported.
func TestPackedProfile(t *testing.T) {
	t.Parallel()
	p := newPacked(t, sandbox.EnvOptions{}, prod("exportAs", "profile"), Step{Script: `
		test -z "$AWS_ACCESS_KEY_ID" && test "$AWS_PROFILE" = default && test -f "$AWS_SHARED_CREDENTIALS_FILE"
		line=$(sed -n 's/^credential_process *= *//p' "$AWS_CONFIG_FILE")
		eval "$line" | grep -q '"AccessKeyId"' && echo "the profile works"
	`})
	r := p.play(Succeeded)
	p.logged(r, "the profile works")
	if _, ok := r.Variables["AWS_ACCESS_KEY_ID"]; ok {
		t.Error("a profile alone sets no credential variables")
	}
}

// TestPackedFailures: one error with its code, nothing exported, later steps skipped.
func TestPackedFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code  string
		step  Step
		fault string
	}{
		{"AAR-INPUT", prod("roleArn", "arn:aws:iam::1:role/x", "region", "$(missing)"), ""},
		{"AAR-STS-ACCESS-DENIED", prod("roleArn", "arn:aws:iam::111122223333:role/denied"), ""},
		{"AAR-OIDC-CONNECTION-DISABLED", prod("serviceConnection", "aws-disabled"), ""},
		{"AAR-OIDC-NO-REFERENCE", prod("serviceConnection", "aws-elsewhere"), ""},
		{"AAR-OIDC-UNAUTHORIZED", prod(), "ado:status=401"},
		{"AAR-OIDC-SIGN-IN", prod(), "ado:html"},
		{"AAR-OIDC-REJECTED", prod(), "ado:status=400,inject"},
		{"AAR-STS-ACCESS-DENIED", prod(), "sts:status=403,code=AccessDenied,message=##vso[task.setvariable variable=evil]1"},
	} {
		t.Run(tt.code+" "+tt.fault, func(t *testing.T) {
			t.Parallel()
			p := newPacked(t, sandbox.EnvOptions{}, tt.step, Step{Script: "echo never reached"})
			if tt.fault != "" {
				if err := p.world.SetFaults(tt.fault); err != nil {
					t.Fatal(err)
				}
			}
			r := p.play(Failed)
			p.exported(r, "", false)
			first := r.Steps[0]
			if len(first.Issues) != 1 || first.Issues[0].Code != tt.code {
				t.Fatalf("the issues are %+v, want one of %s", first.Issues, tt.code)
			}
			if !strings.HasPrefix(first.Issues[0].Message, tt.code+": ") {
				t.Errorf("the message does not begin with its code: %q", first.Issues[0].Message)
			}
			if slices.Contains(r.Log, "never reached") {
				t.Error("the next step ran")
			}
			for _, name := range []string{"evil", "aws.accountId"} {
				if v := r.Variables[name].Value; v != "" {
					t.Errorf("%s is set to %q", name, v)
				}
			}
		})
	}
}

// TestPackedInputs: forms that inputs may arrive in.
func TestPackedInputs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		step Step
		vars []Variable
		want string
	}{
		{"environment picks the role", assume("serviceConnection", "aws-prod", "environmentRoles", "# stages\r\ntest = arn:aws:iam::999988887777:role/t\r\n\r\nproduction = "+deployRole), nil, Succeeded},
		{"environment without a line", assume("serviceConnection", "aws-prod", "environmentRoles", "test = "+deployRole), nil, Failed},
		{"lists of several lines", prod("allowedAccountIds", "999988887777,\n111122223333\n", "sessionPolicyArns", "arn:aws:iam::aws:policy/ReadOnlyAccess\n",
			"requiredClaims", "rpo_ref = refs/heads/*\nrpo_id = contoso-eng/infra", "sessionPolicy", "{\n\"Version\": \"2012-10-17\",\n\"Statement\": []\n}"), nil, Succeeded},
		{"a claim that differs", prod("requiredClaims", "rpo_ref = refs/heads/release"), nil, Failed},
		{"secret with a line break at its end", prod("roleArn", "$(role)"), []Variable{{Name: "role", Value: deployRole + "\n", Secret: true}}, Succeeded},
		{"second role", prod("chainRoleArn", "arn:aws:iam::111122223333:role/second", "chainSessionTags", "team = a\ncost = b=c"), nil, Succeeded},
		{"percent signs stay", prod(), []Variable{{Name: "DECODE_PERCENTS", Value: "false"}}, Succeeded},
		{"debug run", prod(), []Variable{{Name: "System.Debug", Value: "true"}}, Succeeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPacked(t, sandbox.EnvOptions{}, tt.step)
			p.job.Variables = append(p.job.Variables, tt.vars...)
			p.exported(p.play(tt.want), "", tt.want == Succeeded)
		})
	}
}

func TestPackedCheckOnly(t *testing.T) {
	t.Parallel()
	p := newPacked(t, sandbox.EnvOptions{}, prod("checkOnly", "True", "exportAs", "both"))
	r := p.play(Succeeded)
	p.exported(r, "", false)
	p.logged(r, "assumed role:")
	for name := range r.Variables {
		if strings.HasPrefix(name, "aws.") || name == "AWS_CONFIG_FILE" {
			t.Errorf("%s was set", name)
		}
	}
}

// TestPackedRestrictedStep: the step's own restrictions warn; the task must not
// take that for a failure.
func TestPackedRestrictedStep(t *testing.T) {
	t.Parallel()
	step := prod("variablePrefix", "mine_")
	step.Restricted, step.Settable = true, []string{"mine_*"}
	p := newPacked(t, sandbox.EnvOptions{}, step)
	r := p.play(Succeeded)
	p.exported(r, "mine_", true)
	for _, i := range r.Steps[0].Issues {
		if i.Type != "warning" || !strings.Contains(i.Message, "due to policy restrictions") {
			t.Errorf("issue %+v", i)
		}
	}
	if n := len(r.Steps[0].Issues); n != 5 {
		t.Errorf("%d warnings, want one for each output", n)
	}
}

// TestPackedLaterTask: a later task sees the credentials as secret variables, and
// nothing of the environment of the script before it.
func TestPackedLaterTask(t *testing.T) {
	t.Parallel()
	p := newPacked(t, sandbox.EnvOptions{}, prod(), does("env ^(SECRET_)?AWS_"))
	p.job.VSIX = withFake(t, p.job.VSIX)
	r := p.play(Succeeded)
	p.logged(r, `SECRET_AWS_ACCESS_KEY_ID="***"`, `SECRET_AWS_SECRET_ACCESS_KEY="***"`, `SECRET_AWS_SESSION_TOKEN="***"`, `AWS_DEFAULT_REGION="eu-west-1"`)
	for _, line := range r.Log {
		if strings.HasPrefix(line, "AWS_ACCESS_KEY_ID=") {
			t.Errorf("a secret became public: %s", line)
		}
	}
}

// TestPackedCancel: a cancel while the token is awaited exports nothing and leaves
// no process.
func TestPackedCancel(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"variables", "profile"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := newPacked(t, sandbox.EnvOptions{}, prod("exportAs", mode))
			if err := p.world.SetFaults("ado:delay=60s"); err != nil {
				t.Fatal(err)
			}
			canceled := make(chan struct{})
			p.job.Cancel = canceled
			p.job.Say = func(line string) {
				if strings.HasPrefix(line, "session name:") {
					close(canceled)
				}
			}
			p.exported(p.play(Canceled), "", false)
		})
	}
}

// TestPackedSkipped: where the main part never ran, the post-job part is silent.
func TestPackedSkipped(t *testing.T) {
	t.Parallel()
	step := prod("exportAs", "profile")
	step.Condition = Never
	p := newPacked(t, sandbox.EnvOptions{}, step)
	r := p.play(Succeeded)
	if out := r.output(); len(out) != 0 || len(r.Steps) != 2 {
		t.Errorf("the post-job part said %q", out)
	}
}

// TestPackedReadOnly: two jobs run from one read-only task folder without modes.
func TestPackedReadOnly(t *testing.T) {
	t.Parallel()
	p := newPacked(t, sandbox.EnvOptions{}, prod("exportAs", "both"))
	p.job.ReadOnlyTask = true
	for range 2 {
		p.exported(p.play(Succeeded), "", true)
	}
}
