package export

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
)

const (
	connection = "0a1b2c3d-1111-2222-3333-444455556666"
	session    = "arn:aws:sts::111122223333:assumed-role/deploy/Shop-deploy-42"
	temp       = "/agent/_temp"
)

// job is what a step of a job with these variables in its environment knows.
func job(t *testing.T, changes map[string]string) (pipeline.Step, pipeline.Held) {
	t.Helper()
	env := map[string]string{
		"ENDPOINT_URL_SYSTEMVSSCONNECTION":                        "https://dev.azure.com/org/",
		"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "canary-job-token",
		"ENDPOINT_URL_" + connection:                              "https://aws.amazon.com/",
		"ENDPOINT_AUTH_SCHEME_" + connection:                      "None",
		"SYSTEM_HOSTTYPE":                                         "build",
		"SYSTEM_TEAMPROJECT":                                      "Shop",
		"BUILD_DEFINITIONNAME":                                    "deploy",
		"BUILD_BUILDID":                                           "42",
		"AGENT_TEMPDIRECTORY":                                     temp,
		"INPUT_SERVICECONNECTION":                                 connection,
		"INPUT_ROLEARN":                                           "arn:aws:iam::111122223333:role/deploy",
		"INPUT_REGION":                                            "eu-west-1",
	}
	maps.Copy(env, changes)
	lookup := pipeline.Lookup(func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	})
	step, err := pipeline.Read(t.Context(), lookup)
	if err != nil {
		t.Fatal(err)
	}
	return step, lookup.Held()
}

// with is a job with pairs of names and values.
func with(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

const (
	asProfile = "INPUT_EXPORTAS"
	prefix    = "INPUT_VARIABLEPREFIX"
	public    = "VSTS_PUBLIC_VARIABLES"
	secrets   = "VSTS_SECRET_VARIABLES"
	outputs   = "ROLE_ASSUMEDROLEARN"
)

const otherSession = "arn:aws:sts::111122223333:assumed-role/other/Shop-deploy-42"

// earlier is a job in which an earlier step of this task has set the profile's variables
// for a role.
func earlier(role string, pairs ...string) map[string]string {
	m := with("AWS_CONFIG_FILE", filepath.Join(awsprofile.Dir(temp), "config"), "AWS_PROFILE", "default", outputs, role,
		public, `["AWS_CONFIG_FILE","AWS_PROFILE","role.assumedRoleArn"]`)
	maps.Copy(m, with(pairs...))
	return m
}

// TestAdvice gives one cause each and wants one piece of advice, or none.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		changes map[string]string
		want    string // "" for none
	}{
		"ordinary":           {nil, ""},
		"ordinary, profile":  {with(asProfile, "profile"), ""},
		"ordinary, both":     {with(asProfile, "both"), ""},
		"region of the step": {with("AWS_REGION", "eu-west-1", public, `["AWS_REGION"]`), ""},

		"key that becomes secret": {with("AWS_ACCESS_KEY_ID", "AKIA", public, `["aws_access_key_id"]`), ""},
		"key beside a prefix":     {with(prefix, "P_", "AWS_ACCESS_KEY_ID", "AKIA", public, `["AWS_ACCESS_KEY_ID"]`), "Public variables of this job take precedence over an env: block with these keys: AWS_ACCESS_KEY_ID. Remove them from the pipeline's variables, variable groups and earlier steps."},
		"keys of other spellings": {with(public, `["AWS.ACCESS.KEY.ID","aws secret access key"]`), "with these keys: AWS.ACCESS.KEY.ID, aws secret access key. Remove"},

		"profile of the agent":        {with("AWS_PROFILE", "ci"), "AWS_PROFILE is ci (environment of the agent): beside mapped keys, the AWS SDKs for JavaScript v3 and .NET v3 use that profile, and the AWS CLI, boto3 and the SDK for Go fail if it does not exist. Remove AWS_PROFILE from the agent's environment or this step's env: block, or unset it in the script (Bash: unset AWS_PROFILE; PowerShell: Remove-Item Env:AWS_PROFILE; cmd: set AWS_PROFILE=); an empty value is no way out."},
		"profile of the job":          {with("AWS_PROFILE", "ci", public, `["AWS_PROFILE"]`), "AWS_PROFILE is ci (variable of this job): beside mapped keys, the AWS SDKs for JavaScript v3 and .NET v3 use that profile, and the AWS CLI, boto3 and the SDK for Go fail if it does not exist. Remove AWS_PROFILE from the pipeline's variables, variable groups and earlier steps, or unset"},
		"profile of the container":    {with("AWS_PROFILE", "ci", "AGENT_TEMPDIRECTORY", "/__w/_temp"), "AWS_PROFILE is ci (environment of the container): beside mapped keys, the AWS SDKs for JavaScript v3 and .NET v3 use that profile, and the AWS CLI, boto3 and the SDK for Go fail if it does not exist. Remove AWS_PROFILE from the container's environment or this step's env: block, or unset it in the script"},
		"profile, empty":              {with("AWS_PROFILE", ""), "AWS_PROFILE is set, but empty (environment of the agent), and the AWS CLI and boto3 fail on that. Remove AWS_PROFILE from the agent's environment or this step's env: block, or unset it in the script (Bash"},
		"profile of an earlier step":  {earlier(otherSession), "An earlier step of this job exported the profile default, and one assumed another role (arn:aws:sts::111122223333:assumed-role/other): beside the keys of this step, the AWS SDKs for JavaScript v3 and .NET v3 use that profile, whichever role it is for. In scripts that map these keys, unset AWS_PROFILE (Bash"},
		"profile of the same role":    {earlier(session), ""},
		"no role of an earlier step":  {earlier(""), ""},
		"default profile's name":      {with("AWS_DEFAULT_PROFILE", "ci"), "AWS_DEFAULT_PROFILE is ci (environment of the agent): the AWS CLI and boto3 fail if that profile does not exist, even with mapped keys. Remove AWS_DEFAULT_PROFILE from the agent's environment or this step's env: block, or unset"},
		"default profile's, empty":    {with("AWS_DEFAULT_PROFILE", ""), "AWS_DEFAULT_PROFILE is set, but empty (environment of the agent), and the AWS CLI and boto3 fail on that."},
		"web identity":                {with("AWS_WEB_IDENTITY_TOKEN_FILE", "/t", "AWS_ROLE_ARN", "r"), "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are set (environment of the agent): the AWS SDK for .NET v3 uses that web identity instead of mapped keys. Remove AWS_WEB_IDENTITY_TOKEN_FILE from the agent's environment or this step's env: block, or unset it in the script (Bash"},
		"token file alone":            {with("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ""},
		"role alone":                  {with("AWS_ROLE_ARN", "r"), ""},
		"web identity, profile clear": {with(asProfile, "profile", "AWS_WEB_IDENTITY_TOKEN_FILE", "/t", "AWS_ROLE_ARN", "r"), ""},

		"secret region":           {with(secrets, `["AWS_REGION"]`, "SECRET_AWS_REGION", "us-east-1"), "Not exported, because they are secret variables of this job and stay secret: AWS_REGION. Remove or rename the secret variables, or map the region in the env: block of those steps (AWS_REGION: eu-west-1)."},
		"secret region, the same": {with(secrets, `["aws_default_region"]`, "SECRET_AWS_DEFAULT_REGION", "eu-west-1"), "stay secret: AWS_DEFAULT_REGION. Remove or rename the secret variables, or map the region in the env: block of those steps (AWS_DEFAULT_REGION: $(AWS_DEFAULT_REGION))."},
		"secret setting":          {with(asProfile, "profile", secrets, `["AWS_SDK_LOAD_CONFIG"]`), "stay secret: AWS_SDK_LOAD_CONFIG. Remove or rename the secret variables."},
		"secret region, Toolkit":  {with("INPUT_EXPORTFORAWSTOOLKIT", "true", secrets, `["AWS.Region"]`), ""},
		"secret with a prefix":    {with(prefix, "P_", secrets, `["P_AWS_REGION"]`, "SECRET_P_AWS_REGION", "eu-west-1"), "stay secret: P_AWS_REGION. Remove or rename the secret variables, or map the region in the env: block of those steps (P_AWS_REGION: $(P_AWS_REGION))."},
		"secret, not set":         {with(prefix, "P_", secrets, `["AWS_REGION"]`), ""},

		"another spelling":      {with(public, `["AWS.Default.Region"]`), "Variables of this job become the same environment variables as AWS_DEFAULT_REGION, so later steps may get either value: AWS.Default.Region. Rename or remove them."},
		"AWS.Region":            {with(public, `["AWS.Region"]`), ""},
		"vital, other spelling": {with(asProfile, "profile", public, `["aws.config.file"]`), "AAR-VARIABLE-COLLISION"},

		"vital, secret": {with(asProfile, "profile", secrets, `["AWS_CONFIG_FILE"]`), "AAR-VARIABLE-SECRET"},

		"uncleared, secret":        {with(asProfile, "profile", "AWS_ROLE_ARN", "r", secrets, `["AWS_ROLE_ARN"]`), "Some SDKs prefer these to the profile, and the step cannot clear them, because of a secret variable of that name or another spelling of it: AWS_ROLE_ARN (environment of the agent). Remove them from the pipeline's variables, variable groups and the agent's environment or this step's env: block."},
		"uncleared, twin":          {with(asProfile, "profile", "AWS_ROLE_ARN", "r", public, `["aws.role.arn"]`), "another spelling of it: AWS_ROLE_ARN (variable aws.role.arn of this job)."},
		"empty, twin":              {with(asProfile, "profile", "AWS_ROLE_ARN", "", public, `["aws.role.arn"]`), ""},
		"key of the agent":         {with(asProfile, "profile", "AWS_ACCESS_KEY_ID", "AKIA"), "AWS_ACCESS_KEY_ID (environment of the agent) takes precedence over the profile in the AWS CLI, boto3 and other tools. Remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the agent's environment or this step's env: block, or set AWS_ACCESS_KEY_ID: '' and AWS_SECRET_ACCESS_KEY: '' in the env: block of the steps that use the profile."},
		"key of the agent, both":   {with(asProfile, "both", "AWS_ACCESS_KEY_ID", "AKIA"), "or set AWS_ACCESS_KEY_ID: '' and"},
		"key of the job":           {with(asProfile, "profile", "AWS_ACCESS_KEY_ID", "AKIA", public, `["AWS_ACCESS_KEY_ID"]`), "Remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the pipeline's variables, variable groups and earlier steps, or unset both in the script (Bash: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; PowerShell: Remove-Item Env:AWS_ACCESS_KEY_ID,Env:AWS_SECRET_ACCESS_KEY; cmd: set AWS_ACCESS_KEY_ID=& set AWS_SECRET_ACCESS_KEY=)."},
		"key of the job, both":     {with(asProfile, "both", "AWS_ACCESS_KEY_ID", "AKIA", public, `["AWS_ACCESS_KEY_ID"]`), ""},
		"key of the job, prefix":   {with(asProfile, "both", prefix, "P_", "AWS_ACCESS_KEY_ID", "AKIA", public, `["AWS_ACCESS_KEY_ID"]`), "AWS_ACCESS_KEY_ID (variable of this job) takes precedence over the profile"},
		"key, other spelling":      {with(asProfile, "both", "AWS_ACCESS_KEY_ID", "AKIA", public, `["aws.access.key.id"]`), "AWS_ACCESS_KEY_ID (variable aws.access.key.id of this job) takes precedence"},
		"key, two spellings":       {with(asProfile, "profile", "AWS_ACCESS_KEY_ID", "AKIA", public, `["aws.access.key.id","AWS_ACCESS_KEY_ID"]`), "AWS_ACCESS_KEY_ID (variables aws.access.key.id and AWS_ACCESS_KEY_ID of this job) takes precedence"},
		"long-lived secret":        {with(asProfile, "profile", secrets, `["AWS_ACCESS_KEY_ID"]`, "SECRET_AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), "The secret variable AWS_ACCESS_KEY_ID holds a long-lived access key, which the AWS CLI, boto3 and other tools prefer to the profile in a step that maps it. Delete it and AWS_SECRET_ACCESS_KEY from the pipeline's variables and variable groups, or do not map them in steps that use the profile."},
		"long-lived, replaced":     {with(asProfile, "both", secrets, `["AWS_ACCESS_KEY_ID"]`, "SECRET_AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ""},
		"short-lived secret":       {with(asProfile, "profile", secrets, `["AWS_ACCESS_KEY_ID"]`, "SECRET_AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"), ""},
		"keys of another role":     {with(asProfile, "profile", secrets, `["AWS_ACCESS_KEY_ID"]`, outputs, otherSession, public, `["role.assumedRoleArn"]`), "An earlier step of this job assumed another role (arn:aws:sts::111122223333:assumed-role/other): in a step that maps keys of that role, the AWS SDKs for JavaScript v3 and .NET v3 use the profile of this step. In such scripts, unset AWS_PROFILE (Bash"},
		"prefixed keys of another": {with(asProfile, "both", secrets, `["p_aws_access_key_id"]`, outputs, otherSession, public, `["role.assumedRoleArn"]`), "An earlier step of this job assumed another role"},
		"keys replaced":            {with(asProfile, "both", secrets, `["aws_access_key_id"]`, outputs, otherSession, public, `["role.assumedRoleArn"]`), ""},
		"no keys of another role":  {with(asProfile, "profile", secrets, `["word"]`, outputs, otherSession, public, `["role.assumedRoleArn"]`), ""},
		"keys of the same role":    {with(asProfile, "profile", secrets, `["AWS_ACCESS_KEY_ID"]`, outputs, session, public, `["role.assumedRoleArn"]`), ""},
		"default profile, profile": {with(asProfile, "profile", "AWS_DEFAULT_PROFILE", "ci"), "AWS_DEFAULT_PROFILE is ci (environment of the agent) and takes precedence over AWS_PROFILE in boto3. Remove AWS_DEFAULT_PROFILE from the agent's environment or this step's env: block, or set AWS_DEFAULT_PROFILE: default in the env: block of the steps that use the profile."},
		"default profile, job":     {with(asProfile, "profile", "AWS_DEFAULT_PROFILE", "ci", public, `["AWS_DEFAULT_PROFILE"]`), "Remove AWS_DEFAULT_PROFILE from the pipeline's variables, variable groups and earlier steps, or unset it in the script (Bash: unset AWS_DEFAULT_PROFILE;"},
		"default profile, ours":    {with(asProfile, "profile", "AWS_DEFAULT_PROFILE", "default"), ""},
		"default profile, empty":   {with(asProfile, "profile", "AWS_DEFAULT_PROFILE", ""), "AWS_DEFAULT_PROFILE is set, but empty (environment of the agent), and boto3 fails on that. Remove"},
	} {
		step, held := job(t, tt.changes)
		got := Advice(t.Context(), step, held, session)
		if tt.want == "" {
			if len(got) > 0 {
				t.Errorf("%s: the advice is %q, want none", name, got)
			}
			continue
		}
		if len(got) != 1 || !strings.Contains(got[0], tt.want) {
			t.Errorf("%s: the advice is %q, want one with %q", name, got, tt.want)
		}
	}
}

// TestCheck: what later steps could not find is refused before any request.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		changes map[string]string
		code    fault.Code
		names   string
	}{
		"ordinary":           {with(asProfile, "profile"), "", ""},
		"secret, variables":  {with(secrets, `["AWS_PROFILE"]`), "", ""},
		"secret profile":     {with(asProfile, "profile", secrets, `["aws_profile"]`), fault.VariableSecret, "secret variables of this job: AWS_PROFILE"},
		"secret files":       {with(asProfile, "both", secrets, `["AWS_CONFIG_FILE","AWS_PROFILE"]`), fault.VariableSecret, "secret variables of this job: AWS_CONFIG_FILE, AWS_PROFILE"},
		"secret region":      {with(asProfile, "profile", secrets, `["AWS_REGION"]`), "", ""},
		"other spelling":     {with(asProfile, "both", public, `["AWS.Profile"]`), fault.VariableCollision, "variables of this job: AWS.Profile"},
		"of another setting": {with(asProfile, "both", public, `["AWS.SDK.Load.Config"]`), "", ""},
	} {
		step, held := job(t, tt.changes)
		err := Check(step, held)
		if tt.code == "" {
			if err != nil {
				t.Errorf("%s: refused: %v", name, err)
			}
			continue
		}
		f, ok := fault.As(err)
		if !ok || f.Code != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
			continue
		}
		if !strings.HasSuffix(f.Summary, tt.names) {
			t.Errorf("%s: the summary is %q, want %q", name, f.Summary, tt.names)
		}
	}
}

// TestAdviceOnTheAgentsHome: a default profile with credentials in a file that SDKs read.
func TestAdviceOnTheAgentsHome(t *testing.T) {
	t.Parallel()
	home, bare := t.TempDir(), t.TempDir()
	credentials, other := filepath.Join(home, ".aws", "credentials"), filepath.Join(bare, "other")
	if err := os.Mkdir(filepath.Dir(credentials), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{credentials, other} {
		if err := os.WriteFile(file, []byte("[default]\naws_access_key_id = AKIA\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		changes map[string]string
		file    string
	}{
		"home":                     {with("HOME", home), credentials},
		"home without a profile":   {with("HOME", bare), ""},
		"home of Windows":          {with("HOME", bare, "USERPROFILE", home), credentials},
		"not that of Bash there":   {with("HOME", home, "USERPROFILE", bare), ""},
		"named config file":        {with("HOME", bare, "AWS_CONFIG_FILE", other), other},
		"named credentials file":   {with("AWS_SHARED_CREDENTIALS_FILE", other), other},
		"another credentials file": {with("HOME", home, "AWS_SHARED_CREDENTIALS_FILE", filepath.Join(bare, "absent")), ""},
		"no home":                  {nil, ""},
		"beside a profile":         {with(asProfile, "profile", "HOME", home), ""},
	} {
		step, held := job(t, tt.changes)
		got := Advice(t.Context(), step, held, session)
		if tt.file == "" {
			if len(got) > 0 {
				t.Errorf("%s: the advice is %q, want none", name, got)
			}
			continue
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], tt.file+" has credentials in its default profile, which the AWS SDK for .NET v3 uses instead of mapped keys.") {
			t.Errorf("%s: the advice is %q, want one about %s", name, got, tt.file)
		}
	}
	step, held := job(t, with("HOME", home, "AWS_PROFILE", "ci"))
	if got := Advice(t.Context(), step, held, session); len(got) != 1 || strings.Contains(got[0], credentials) {
		t.Errorf("where AWS_PROFILE names a profile, the default profile counts: %q", got)
	}
}
