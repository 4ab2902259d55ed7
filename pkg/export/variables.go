package export

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// variable is a variable of the job that later steps get, and the input that names its
// value, if one does.
type variable struct{ name, value, input string }

// The names that a step maps in its env: block.
var (
	keyNames    = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
	regionNames = []string{"AWS_REGION", "AWS_DEFAULT_REGION"}
)

// toolkitRegion is where the AWS Toolkit's tasks look for the region. It becomes the same
// environment variable as AWS_REGION, so a public one must not be left with another value.
const toolkitRegion = "AWS.Region"

// plain lists the variables that the step sets without making them secret.
func (s surroundings) plain(p awsprofile.Profile) []variable {
	e, region := s.step.Export, s.step.Region
	var list []variable
	if e.Mode.Profile() {
		list = append(
			list, variable{"AWS_CONFIG_FILE", p.ConfigFile, ""}, variable{"AWS_SHARED_CREDENTIALS_FILE", p.CredentialsFile, ""},
			variable{"AWS_PROFILE", e.ProfileName, "profileName"}, variable{"AWS_SDK_LOAD_CONFIG", "1", ""}, variable{"AWS_EC2_METADATA_DISABLED", "true", ""},
		)
	}
	if e.Mode.Variables() && e.Prefix != "" {
		list = append(list, variable{e.Prefix + regionNames[0], region, "region"}, variable{e.Prefix + regionNames[1], region, "region"})
	}
	if e.Mode.Profile() || e.Prefix == "" {
		list = append(list, variable{regionNames[0], region, "region"}, variable{regionNames[1], region, "region"})
		if e.AWSToolkit || s.held.Public(toolkitRegion) {
			list = append(list, variable{toolkitRegion, region, "region"})
		}
	}
	return list
}

// replaced is the line about an earlier value that is not of this task and that the step
// has replaced, with the way to keep it; empty where there is none.
func (s surroundings) replaced(v variable) string {
	before := s.held.Value(v.name)
	if before == "" || before == v.value || v.name == toolkitRegion {
		return ""
	}
	way := "set it again in a script that needs it"
	switch v.name {
	case "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE":
		if s.ours() {
			return ""
		}
		way = "see " + docs + "profile.md#keep-your-own-profiles"
	case regionNames[0], regionNames[1]:
		way = "set the input region to it"
	}
	return "replaced: " + s.name(v.name) + " was " + before + " (" + s.origin(v.name) + "); to keep it, " + way
}

const docs = "https://github.com/assume-aws-role/assume-aws-role/blob/main/docs/"

// credentials sets the secret variables, and the AWS Toolkit's names beside them when
// asked to.
func (x Exporter) credentials() {
	prefix := x.Step.Export.Prefix
	x.secrets(prefix+keyNames[0], prefix+keyNames[1], prefix+keyNames[2])
	x.Out.Print(x.surroundings().formerKey(prefix + keyNames[0])...)
	if x.Step.Export.AWSToolkit {
		x.secrets("AWS.AccessKeyID", "AWS.SecretAccessKey", "AWS.SessionToken")
	}
}

// formerKey speaks of long-lived access keys that the job held before: that of a variable,
// which the step replaces, and that of the agent's own environment, which it cannot. What
// takes precedence over an env: block or the profile is told by Advice.
func (s surroundings) formerKey(id string) (lines []string) {
	isLongLived := func(key string) bool { return strings.HasPrefix(key, longLived) }
	public := s.held.Public(id) && len(s.held.Twins(id)) == 0
	if s.held.Secret(id) && isLongLived(s.held.SecretValue(id).Reveal()) || public && isLongLived(s.held.Value(id)) {
		lines = append(lines, "replaced for the rest of this job: the long-lived access key in "+s.name(id)+"; delete it from the pipeline's variables and variable groups once no step needs it")
	}
	if !s.variable(id) && !s.step.Export.Mode.Profile() && isLongLived(s.held.Value(id)) {
		lines = append(lines, "not replaced: the long-lived access key in "+s.name(id)+" ("+s.origin(id)+"), which scripts that do not map the keys still get; delete it there once no step needs it")
	}
	return lines
}

func (x Exporter) secrets(id, key, token string) {
	c := x.Result.Session.Credentials
	// expressible has ruled the only error out.
	_ = x.Out.SetSecretVariable(id, secret.New(c.AccessKeyID))
	_ = x.Out.SetSecretVariable(key, c.SecretAccessKey)
	_ = x.Out.SetSecretVariable(token, c.SessionToken)
	s := x.surroundings()
	x.Out.Print("exporting as secret: " + s.name(id) + ", " + s.name(key) + ", " + s.name(token))
}

// name is a variable's name as the log says it, without a prefix that is not shown.
func (s surroundings) name(name string) string {
	prefix := s.step.Export.Prefix
	if rest, ok := strings.CutPrefix(name, prefix); ok && prefix != "" && s.step.Shown("variablePrefix", prefix) != prefix {
		return "<variablePrefix>" + rest
	}
	return name
}

// envBlock prints what a script step needs: the agent keeps secret variables from scripts
// that do not map them. What a public variable takes precedence over is told after it.
func (x Exporter) envBlock() {
	prefix, s := x.Step.Export.Prefix, x.surroundings()
	x.Out.Print("", "To use them in a script step, map them there:", "  env:")
	for _, name := range keyNames {
		x.Out.Print("    " + name + ": $(" + s.name(prefix+name) + ")")
	}
	for _, name := range regionNames {
		x.Out.Print("    " + name + ": " + s.regionFor(prefix+name))
	}
	x.Out.Print(s.otherRegion()...)
	end := report.Stamp(x.Result.Session.Credentials.Expires)
	if x.Step.Export.Mode.Profile() {
		x.Out.Print("", "These variables expire at "+end+"; they do not renew. The profile does.")
		return
	}
	x.Out.Print("", "The credentials expire at "+end+"; they do not renew. exportAs: profile does.")
}

// otherRegion is how a script sets a region that its env: block cannot, because a public
// variable of the job holds another one.
func (s surroundings) otherRegion() []string {
	var names []string
	for _, name := range regionNames {
		if s.variable(name) && s.step.Export.Prefix != "" && s.held.Value(name) != s.step.Region {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	region := s.step.Shown("region", s.step.Region)
	value := "=" + region
	return []string{
		"Variables of this job take precedence over that block for " + strings.Join(names, " and ") + "; set the region in the script:",
		"  Bash:       export " + strings.Join(names, value+" ") + value,
		"  PowerShell: $env:" + strings.Join(names, " = $env:") + " = '" + region + "'",
		"  cmd:        set " + strings.Join(names, value+"& set ") + value,
	}
}
