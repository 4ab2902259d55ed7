package export

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// exporter is one for a job whose exchange succeeded.
func exporter(t *testing.T, changes map[string]string, out *vso.Writer) Exporter {
	t.Helper()
	step, held := job(t, changes)
	credentials := iam.Credentials{
		AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: secret.New("canary-key"), SessionToken: secret.New("canary-token"),
		Issued: now, Expires: now.Add(time.Hour),
	}
	return Exporter{
		Log: &report.Log{Out: out, Step: step, Result: exchange.Result{
			Session:   iam.Session{Credentials: credentials, AssumedRoleARN: session},
			Presented: &claims.UnverifiedClaims{Issuer: "https://vstoken.dev.azure.com/x", Subject: "sc://org/Shop/aws"},
		}},
		Held: held, Now: func() time.Time { return now },
		Profile: ProfilePlace{ID: "0123456789abcdef0123456789abcdef", TempDir: step.TempDirectory, Program: program(t)},
	}
}

// program stands for the one that a profile copies.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRun wants lines of the log, and none that begin otherwise.
func TestRun(t *testing.T) {
	t.Parallel()
	const key = "##vso[task.setvariable variable=AWS_ACCESS_KEY_ID;issecret=true]ASIAIOSFODNN7EXAMPLE"
	const ofAgent = "not replaced: the long-lived access key in AWS_ACCESS_KEY_ID (environment of the agent), which scripts that do not map the keys still get; delete it there once no step needs it"
	for name, tt := range map[string]struct {
		changes      map[string]string
		want, absent []string
	}{
		"variables": {
			nil,
			[]string{
				key, "##vso[task.setvariable variable=AWS_SECRET_ACCESS_KEY;issecret=true]canary-key", "##vso[task.setvariable variable=AWS_SESSION_TOKEN;issecret=true]canary-token",
				"exporting as secret: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
				"##vso[task.setvariable variable=AWS_REGION]eu-west-1", "exporting: AWS_REGION=eu-west-1", "exporting: AWS_DEFAULT_REGION=eu-west-1",
				"##vso[task.setvariable variable=accountId;isoutput=true]111122223333", "##vso[task.setvariable variable=assumedRoleArn;isoutput=true]" + session,
				"##vso[task.setvariable variable=expiration;isoutput=true]2026-11-26T13:00:00Z", "##vso[task.setvariable variable=issuer;isoutput=true]https://vstoken.dev.azure.com/x",
				"##vso[task.setvariable variable=subject;isoutput=true]sc://org/Shop/aws",
				"  env:", "    AWS_ACCESS_KEY_ID: $(AWS_ACCESS_KEY_ID)", "    AWS_SESSION_TOKEN: $(AWS_SESSION_TOKEN)", "    AWS_REGION: $(AWS_REGION)",
				"The credentials expire at 2026-11-26T13:00:00Z; they do not renew. exportAs: profile does.",
			},
			[]string{"##vso[task.setvariable variable=AWS_CONFIG_FILE", "##vso[task.setvariable variable=AWS.", "##vso[task.logissue", "replaced", "Variables of this job", "This is a deployment job"},
		},
		"prefix": {
			with(prefix, "P_", "AWS_REGION", "us-east-1", "AWS_DEFAULT_REGION", "us-east-1", public, `["AWS_REGION","AWS_DEFAULT_REGION"]`),
			[]string{
				"##vso[task.setvariable variable=P_AWS_REGION]eu-west-1", "    AWS_ACCESS_KEY_ID: $(P_AWS_ACCESS_KEY_ID)", "    AWS_REGION: $(P_AWS_REGION)",
				"Variables of this job take precedence over that block for AWS_REGION and AWS_DEFAULT_REGION; set the region in the script:",
				"  Bash:       export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1", "  PowerShell: $env:AWS_REGION = $env:AWS_DEFAULT_REGION = 'eu-west-1'",
				"  cmd:        set AWS_REGION=eu-west-1& set AWS_DEFAULT_REGION=eu-west-1",
			},
			[]string{"##vso[task.setvariable variable=AWS_REGION", "##vso[task.setvariable variable=AWS_ACCESS", "replaced"},
		},
		"prefix, same region": {
			with(prefix, "P_", "AWS_REGION", "eu-west-1", public, `["AWS_REGION"]`), nil, []string{"Variables of this job"},
		},
		"withheld prefix": {
			with(prefix, "HUNTER2_", secrets, `["word"]`, "SECRET_WORD", "hunter2"),
			[]string{"exporting as secret: <variablePrefix>AWS_ACCESS_KEY_ID, <variablePrefix>AWS_SECRET_ACCESS_KEY, <variablePrefix>AWS_SESSION_TOKEN", "exporting: <variablePrefix>AWS_REGION=eu-west-1"},
			[]string{"exporting: HUNTER2_"},
		},
		"toolkit": {
			with("INPUT_EXPORTFORAWSTOOLKIT", "true"),
			[]string{key, "##vso[task.setvariable variable=AWS.AccessKeyID;issecret=true]ASIAIOSFODNN7EXAMPLE", "exporting as secret: AWS.AccessKeyID, AWS.SecretAccessKey, AWS.SessionToken", "##vso[task.setvariable variable=AWS.Region]eu-west-1"},
			nil,
		},
		"toolkit, secret region": {
			with("INPUT_EXPORTFORAWSTOOLKIT", "true", secrets, `["AWS.Region"]`), []string{"exporting as secret, because it is one: AWS.Region"}, []string{"exporting: AWS.Region"},
		},
		"toolkit's region": {with(public, `["AWS.Region"]`, "AWS_REGION", "us-east-1"), []string{
			"##vso[task.setvariable variable=AWS.Region]eu-west-1", "exporting: AWS.Region=eu-west-1",
			"replaced: AWS_REGION was us-east-1 (variable AWS.Region of this job); to keep it, set the input region to it",
		}, []string{"replaced: AWS.Region"}},
		"secret region": {
			with(secrets, `["AWS_REGION"]`),
			[]string{"    AWS_REGION: eu-west-1", "exporting: AWS_DEFAULT_REGION=eu-west-1"},
			[]string{"##vso[task.setvariable variable=AWS_REGION", "exporting: AWS_REGION"},
		},
		"long-lived key, public": {
			with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", public, `["AWS_ACCESS_KEY_ID"]`),
			[]string{"replaced for the rest of this job: the long-lived access key in AWS_ACCESS_KEY_ID; delete it from the pipeline's variables and variable groups once no step needs it"},
			nil,
		},
		"long-lived key, secret": {
			with("SECRET_AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", secrets, `["AWS_ACCESS_KEY_ID"]`),
			[]string{"replaced for the rest of this job: the long-lived access key in AWS_ACCESS_KEY_ID; delete it from the pipeline's variables and variable groups once no step needs it"},
			nil,
		},
		"long-lived key, of the agent": {
			with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), []string{ofAgent}, []string{"replaced for the rest"},
		},
		"long-lived key, secret and of the agent": {
			with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", "SECRET_AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", secrets, `["AWS_ACCESS_KEY_ID"]`),
			[]string{ofAgent, "replaced for the rest of this job: the long-lived access key in AWS_ACCESS_KEY_ID; delete it from the pipeline's variables and variable groups once no step needs it"},
			nil,
		},
		"long-lived key, twin":            {with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", public, `["AWS.Access.Key.Id"]`), []string{key}, []string{"replaced", "not replaced"}},
		"long-lived key, public and twin": {with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", public, `["AWS_ACCESS_KEY_ID","AWS.Access.Key.Id"]`), []string{key}, []string{"replaced", "not replaced"}},
		"long-lived key, of the agent, and a profile": {
			with(asProfile, "both", "AGENT_TEMPDIRECTORY", "TEMP", "AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), []string{key}, []string{"replaced: the", "not replaced"},
		},
		"long-lived key, secret twin": {with("SECRET_AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", secrets, `["AWS.Access.Key.Id"]`), []string{key}, []string{"replaced"}},
		"earlier key":                 {with("SECRET_AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE", secrets, `["AWS_ACCESS_KEY_ID"]`), []string{key}, []string{"replaced"}},
		"deployment": {
			with(public, `["Strategy.Name"]`), []string{"This is a deployment job: each of its hooks is a job of its own, so every hook that uses AWS needs this step."}, nil,
		},
		"profile": {
			with(asProfile, "profile", "AGENT_TEMPDIRECTORY", "TEMP", "AWS_ROLE_ARN", "r", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "u", public, `["AWS_ROLE_ARN"]`, "AWS_PROFILE", "ci", "AWS_SDK_LOAD_CONFIG", "0"),
			[]string{
				"##vso[task.setvariable variable=AWS_CONFIG_FILE]DIR/config", "exporting: AWS_CONFIG_FILE=DIR/config", "exporting: AWS_SHARED_CREDENTIALS_FILE=DIR/credentials",
				"exporting: AWS_PROFILE=default", "exporting: AWS_SDK_LOAD_CONFIG=1", "exporting: AWS_EC2_METADATA_DISABLED=true",
				"replaced: AWS_PROFILE was ci (environment of the agent); to keep it, see https://github.com/assume-aws-role/assume-aws-role/blob/main/docs/profile.md#keep-your-own-profiles",
				"replaced: AWS_SDK_LOAD_CONFIG was 0 (environment of the agent); to keep it, set it again in a script that needs it",
				"##vso[task.setvariable variable=AWS_ROLE_ARN]", "cleared for the rest of this job, because it takes precedence over the profile: AWS_ROLE_ARN (variable of this job)",
				"cleared for the rest of this job, because it takes precedence over the profile: AWS_CONTAINER_CREDENTIALS_FULL_URI (environment of the agent)",
				"The profile default serves later steps that run on this host, outside containers, without an env: block. It renews itself.",
				"If only some scripts should get the credentials, and one session is long enough, use exportAs: variables.",
			},
			[]string{"##vso[task.setvariable variable=AWS_ACCESS", "  env:", "cleared for the rest of this job, because it takes precedence over the profile: AWS_WEB", "A tool that"},
		},
		"profile, secret to clear": {
			with(asProfile, "profile", "AGENT_TEMPDIRECTORY", "TEMP", "AWS_ROLE_ARN", "r", secrets, `["AWS_ROLE_ARN"]`), nil, []string{"cleared", "##vso[task.setvariable variable=AWS_ROLE_ARN"},
		},
		"both": {
			with(asProfile, "both", "AGENT_TEMPDIRECTORY", "TEMP", prefix, "P_"),
			[]string{
				"##vso[task.setvariable variable=P_AWS_ACCESS_KEY_ID;issecret=true]ASIAIOSFODNN7EXAMPLE", "exporting: P_AWS_REGION=eu-west-1", "exporting: AWS_REGION=eu-west-1", "exporting: AWS_PROFILE=default",
				"These variables expire at 2026-11-26T13:00:00Z; they do not renew. The profile does.",
				"A tool that cannot read credential_process, such as Serverless Framework v3, fails whenever AWS_PROFILE is set, even with mapped keys; use exportAs: variables for such tools.",
			},
			[]string{"If only some scripts"},
		},
		"profile of an earlier step": {
			with(asProfile, "profile", "AGENT_TEMPDIRECTORY", "TEMP", "AWS_CONFIG_FILE", "DIR/config", "AWS_PROFILE", "first", public, `["AWS_CONFIG_FILE","AWS_PROFILE"]`),
			[]string{"exporting: AWS_PROFILE=default"},
			[]string{"replaced"},
		},
	} {
		dir, changes := filepath.ToSlash(t.TempDir()), map[string]string{}
		for k, v := range tt.changes {
			changes[k] = strings.NewReplacer("TEMP", dir, "DIR", awsprofile.Dir(dir)).Replace(v)
		}
		var b strings.Builder
		x := exporter(t, changes, vso.NewWriter(&b, true))
		if err := x.Run(t.Context()); err != nil {
			t.Errorf("%s: the export fails: %v", name, err)
			continue
		}
		said := strings.ReplaceAll(strings.ReplaceAll(b.String(), awsprofile.Dir(dir), "DIR"), `DIR\`, "DIR/")
		lines := strings.Split(said, "\n")
		for _, want := range tt.want {
			if !slices.Contains(lines, want) {
				t.Errorf("%s: no line is %q in\n%s", name, want, strings.Join(lines, "\n"))
			}
		}
		for _, absent := range tt.absent {
			if slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, absent) }) {
				t.Errorf("%s: a line begins with %q in\n%s", name, absent, strings.Join(lines, "\n"))
			}
		}
	}
}

// TestOutputsDoNotHoldTheJobToken: later steps and the run's record show outputs as they are.
func TestOutputsDoNotHoldTheJobToken(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	x := exporter(t, nil, vso.NewWriter(&b, true))
	x.Step.Plan.Job.JobToken = secret.New("c4n4ry-job-token-c4n4ry")
	x.Result.Known = &foreign.Secrets{}
	x.Result.Known.Add(x.Step.Plan.Job.JobToken, secret.New("vstoken.dev")) // an ordinary word, too
	x.Result.Presented.Subject = "sc://org/Shop/c4n4ry-job-token-c4n4ry"
	if err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "c4n4ry") || !strings.Contains(b.String(), "\nnot exported, because it contains the job's access token: subject\n") {
		t.Errorf("the subject is an output, or its absence is not told:\n%s", b.String())
	}
	if !strings.Contains(b.String(), "##vso[task.setvariable variable=issuer;isoutput=true]https://vstoken.dev.azure.com/x\n") {
		t.Errorf("the other outputs are missing:\n%s", b.String())
	}
}

// TestForeignAccountsAreMasked: maskAccountId also counts for accounts that only the job
// knows of.
func TestForeignAccountsAreMasked(t *testing.T) {
	t.Parallel()
	for masked, want := range map[string]bool{"true": true, "false": false} {
		var b strings.Builder
		x := exporter(t, with(
			asProfile, "profile", "INPUT_MASKACCOUNTID", masked, "AGENT_TEMPDIRECTORY", t.TempDir(), "AWS_PROFILE", "444455556666_Admin",
			"FIRST_ASSUMEDROLEARN", "arn:aws:sts::999988887777:assumed-role/other/run", "SECRET_AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE",
			public, `["first.assumedRoleArn"]`, secrets, `["AWS_ACCESS_KEY_ID"]`), vso.NewWriter(&b, true))
		if err := x.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, account := range []string{"444455556666", "999988887777"} {
			at := strings.Index(b.String(), account)
			if at < 0 {
				t.Fatalf("%s is not named:\n%s", account, b.String())
			}
			if got := strings.HasSuffix(b.String()[:at], "##vso[task.setsecret]"); got != want {
				t.Errorf("maskAccountId %s: %s is masked before it appears: %v, want %v:\n%s", masked, account, got, want, b.String())
			}
		}
	}
}

// TestRunInAContainer says whom the profile serves.
func TestRunInAContainer(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	x := exporter(t, with(asProfile, "profile", "AGENT_TEMPDIRECTORY", t.TempDir()), vso.NewWriter(&b, true))
	x.Step.InContainer = true
	if err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := "The profile default serves later steps that run in this step's container, without an env: block."; !strings.Contains(b.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, b.String())
	}
}

// TestNothingHalfWay: what the agent would reinterpret is not set, and credentials that
// cannot be written fail the step before the first variable.
func TestNothingHalfWay(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	x := exporter(t, nil, vso.NewWriter(&b, true))
	x.Step.Region, x.Result.Presented.Subject = "$(x)", "sc://org/$(y)/aws"
	x.Result.Presented.Issuer = "https://a.b/##vso[task.complete]"
	if err := x.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{unread + "AWS_REGION\n", unread + "AWS_DEFAULT_REGION\n", unread + "subject\n", unread + "issuer\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, b.String())
		}
	}
	for _, part := range []string{"key id", "key", "token"} {
		b.Reset()
		x := exporter(t, nil, vso.NewWriter(&b, false))
		c := &x.Result.Session.Credentials
		switch part {
		case "key id":
			c.AccessKeyID += "%0A"
		case "key":
			c.SecretAccessKey = secret.New("canary%0A")
		case "token":
			c.SessionToken = secret.New("canary%0A")
		}
		if f, ok := fault.As(x.Run(t.Context())); !ok || f.Code != fault.Export {
			t.Errorf("%s: %v, want %s", part, f, fault.Export)
		}
		if b.Len() != 0 {
			t.Errorf("%s: said %q", part, b.String())
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space") }

// TestBrokenOutput: nobody gets credentials of which nobody hears.
func TestBrokenOutput(t *testing.T) {
	t.Parallel()
	out := vso.NewWriter(broken{}, true)
	out.Print("x")
	if f, ok := fault.As(exporter(t, nil, out).Run(t.Context())); !ok || f.Code != fault.Internal {
		t.Errorf("an output that is broken before: %v", f)
	}
	if err := exporter(t, nil, vso.NewWriter(broken{}, true)).Run(t.Context()); err == nil {
		t.Error("an output that breaks is no error")
	}
}

// TestProfileThatCannotBeWritten sets nothing.
func TestProfileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ProfilePlace){
		"no temp directory": func(p *ProfilePlace) { p.TempDir += "\n" },
		"no program":        func(p *ProfilePlace) { p.Program += "-absent" },
	} {
		var b strings.Builder
		x := exporter(t, with(asProfile, "both", "AGENT_TEMPDIRECTORY", t.TempDir()), vso.NewWriter(&b, true))
		change(&x.Profile)
		if _, ok := fault.As(x.Run(t.Context())); !ok {
			t.Errorf("%s: no fault", name)
		}
		if b.Len() != 0 {
			t.Errorf("%s: said %q", name, b.String())
		}
	}
}

// TestAnnounce: the id comes last, because without it there is nothing to remove.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	ProfilePlace{ID: "ab", TempDir: "/t"}.Announce(vso.NewWriter(&b, true))
	if want := "##vso[task.settaskvariable variable=assumeAwsRoleTempDirectory]/t\n##vso[task.settaskvariable variable=assumeAwsRoleProfile]ab\n"; b.String() != want {
		t.Errorf("announced %q, want %q", b.String(), want)
	}
}
