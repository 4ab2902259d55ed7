package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// profileVariable is the task variable that tells the post-job part which profile
// to remove.
const profileVariable = "assumeAwsRoleProfile"

// export hands the credentials to later steps. Everything that can fail comes
// before the first variable is set.
func (t *taskRun) export(ctx context.Context) error {
	if err := ended(ctx, "before the export"); err != nil {
		return err
	}
	if t.Step.Export.Mode.Variables() && !t.expressible() {
		return &fault.Fault{
			Code: fault.Export, Summary: "the credentials cannot be written as pipeline variables",
			Why: "the pipeline sets DECODE_PERCENTS=false, and a credential holds text that the agent would decode.",
		}
	}
	if t.Step.Export.Mode.Profile() {
		if err := t.exportProfile(ctx); err != nil {
			return err
		}
	}
	if t.Step.Export.Mode.Variables() {
		t.exportVariables()
	}
	t.exportOutputs()
	return t.Out.Err()
}

func (t *taskRun) expressible() bool {
	c := t.Result.Session.Credentials
	return t.Out.Expressible(c.SecretAccessKey) && t.Out.Expressible(c.SessionToken) && t.Out.Expressible(secret.New(c.AccessKeyID))
}

// exportVariables sets the five variables, and the AWS Toolkit's names beside
// them when asked to.
func (t *taskRun) exportVariables() {
	prefix := t.Step.Export.Prefix
	t.secretVariables(prefix+"AWS_ACCESS_KEY_ID", prefix+"AWS_SECRET_ACCESS_KEY", prefix+"AWS_SESSION_TOKEN")
	t.regionVariables(prefix)
	if t.Step.Export.AWSToolkit {
		t.secretVariables("AWS.AccessKeyID", "AWS.SecretAccessKey", "AWS.SessionToken")
	}
	t.envBlock(prefix)
}

// regionVariables sets the region. AWS.Region and AWS_REGION fall on the same
// environment key, so a public AWS.Region must not be left with another value.
func (t *taskRun) regionVariables(prefix string) {
	t.plain(prefix+"AWS_REGION", t.Step.Region)
	t.plain(prefix+"AWS_DEFAULT_REGION", t.Step.Region)
	if prefix == "" && (t.Step.Export.AWSToolkit || t.lookup.HasPublic("AWS.Region")) {
		t.plain("AWS.Region", t.Step.Region)
	}
}

func (t *taskRun) secretVariables(id, key, token string) {
	c := t.Result.Session.Credentials
	values := map[string]secret.Value{id: secret.New(c.AccessKeyID), key: c.SecretAccessKey, token: c.SessionToken}
	for _, name := range []string{id, key, token} {
		// expressible has ruled the only error out.
		_ = t.Out.SetSecretVariable(name, values[name])
	}
	t.Out.Print("exporting as secret: " + id + ", " + key + ", " + token)
}

// unread begins the line about a value that is not set.
const unread = "not exported: the agent would reinterpret $(, a line break or an escape in the value: "

// plain sets a variable that is no secret; a value that the agent would expand is
// left out, and said.
func (t *taskRun) plain(name, value string) {
	if err := t.Out.SetVariable(name, value); errors.Is(err, vso.ErrInexpressible) {
		t.Out.Print(unread + name)
		return
	}
	t.Out.Print("exporting: " + name + "=" + t.Readable(value))
}

// envBlock prints what a script step needs: the agent keeps secret variables from
// scripts that do not map them.
func (t *taskRun) envBlock(prefix string) {
	t.Out.Print("", "To use them in a script step, map them there:", "  env:")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Out.Print(fmt.Sprintf("    %s: $(%s%s)", name, prefix, name))
	}
	if prefix != "" {
		t.Out.Print(fmt.Sprintf("    AWS_REGION: $(%sAWS_REGION)", prefix))
	}
	t.Out.Print("", "The credentials expire at "+report.Stamp(t.Result.Session.Credentials.Expires)+"; they do not renew. exportAs: profile does.")
}

// exportOutputs sets the output variables of the step.
func (t *taskRun) exportOutputs() {
	outputs := []struct{ name, value string }{
		{"accountId", string(t.Step.Plan.Target().Account)},
		{"assumedRoleArn", t.Result.Session.AssumedRoleARN},
		{"expiration", report.Stamp(t.Result.Session.Credentials.Expires)},
		{"issuer", t.Result.Presented.Issuer},
		{"subject", t.Result.Presented.Subject},
	}
	for _, o := range outputs {
		if err := t.Out.SetOutput(o.name, o.value); err != nil {
			t.Out.Print(unread + o.name)
		}
	}
}

// exportProfile writes the profile and points later steps to it.
func (t *taskRun) exportProfile(ctx context.Context) error {
	plan, err := t.Step.Plan.Encode()
	if err != nil {
		return &fault.Fault{Code: fault.Internal, Summary: "the profile's state cannot be encoded", Cause: err}
	}
	executable, err := t.env.Executable()
	if err != nil {
		return &fault.Fault{Code: fault.Internal, Summary: "the path of the task's own binary is unknown", Cause: err}
	}
	id := awsprofile.NewID()
	t.Out.SetTaskVariable(profileVariable, id)
	var p awsprofile.Profile
	err = foreign.Within(ctx, func() (err error) {
		p, err = awsprofile.Create(awsprofile.Options{
			ID: id, TempDir: t.Step.TempDirectory, ProfileName: t.Step.Export.ProfileName, Region: t.Step.Region,
			Plan: plan, Binary: executable, Now: t.env.Now,
			Credentials: t.Result.Session.Credentials,
		})
		return err
	})
	if late := ended(ctx, "while the profile was being written"); late != nil {
		return late
	}
	if err != nil {
		return err
	}
	t.profileVariables(p)
	return nil
}

// outranking are variables that take precedence over a profile in some SDKs, or use where one
// fails; an empty value switches each off.
var outranking = []string{
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
}

func (t *taskRun) profileVariables(p awsprofile.Profile) {
	for _, v := range []struct{ name, value string }{
		{"AWS_CONFIG_FILE", p.ConfigFile},
		{"AWS_SHARED_CREDENTIALS_FILE", p.CredentialsFile},
		{"AWS_PROFILE", t.Step.Export.ProfileName},
		{"AWS_SDK_LOAD_CONFIG", "1"},
		{"AWS_EC2_METADATA_DISABLED", "true"},
	} {
		t.plain(v.name, v.value)
	}
	if !t.Step.Export.Mode.Variables() || t.Step.Export.Prefix != "" {
		t.regionVariables("")
	}
	for _, name := range outranking {
		if t.lookup.Get(name) != "" {
			_ = t.Out.SetVariable(name, "")
			t.Out.Print("cleared, because it takes precedence over the profile: " + name)
		}
	}
	t.warnOf("AWS_ACCESS_KEY_ID", "most AWS tools", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to ''")
	if t.lookup.Get("AWS_DEFAULT_PROFILE") != t.Step.Export.ProfileName {
		t.warnOf("AWS_DEFAULT_PROFILE", "boto3", "AWS_DEFAULT_PROFILE to "+t.Step.Export.ProfileName)
	}
	t.profileNotice()
}

// warnOf names a variable that comes before the profile and that the task may not set.
func (t *taskRun) warnOf(name, tools, wayOut string) {
	if t.lookup.Get(name) == "" {
		return
	}
	t.Out.LogIssue(vso.IssueWarning, "", name+" is set in this job's environment and takes precedence over the profile in "+tools+". "+
		"Remove it from the agent's environment or the pipeline's variables, or set "+wayOut+" in the env block of the steps that use the profile.")
}

func (t *taskRun) profileNotice() {
	where := "on this host, outside containers"
	if t.Step.InContainer {
		where = "in this step's container"
	}
	t.Out.Print(strings.Split("\n"+
		"The profile "+t.Step.Export.ProfileName+" serves later steps that run "+where+", without an env: block, and renews itself.\n"+
		"Any process of this job can read these credentials and the job's access token until the job ends; renewed credentials are not masked in logs.\n"+
		"Use exportAs: variables where only chosen steps may have the credentials, and a session's length is enough.", "\n")...)
}
