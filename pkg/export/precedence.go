package export

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
)

// Check refuses, before any request, a job in which the export could not do what it
// promises: a profile that later steps cannot find, because a variable that names it is
// secret. The fault is AAR-VARIABLE-SECRET.
func Check(step pipeline.Step, held pipeline.Held) error {
	if !step.Export.Mode.Profile() {
		return nil
	}
	var names []string
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_PROFILE"} {
		if held.Secret(name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &fault.Fault{
		Code: fault.VariableSecret, Summary: "later steps could not find the profile, because " + strings.Join(names, " and ") + " is a secret variable of this job",
		Why: "a name that is secret stays secret whatever a step sets, and the agent does not pass secret variables to scripts.",
	}
}

// cleared are variables that some SDKs prefer to a profile, or use where one fails; an
// empty value switches each off.
var cleared = []string{
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
}

// precedence speaks about whatever else in the environment has a say, in every mode.
func (x Exporter) precedence() {
	mode := x.Step.Export.Mode
	if mode.Profile() {
		x.clear()
		x.keysBesideProfile()
		x.defaultProfile()
	}
	if mode.Variables() && !mode.Profile() {
		x.profileBesideKeys("AWS_PROFILE")
		x.profileBesideKeys("AWS_DEFAULT_PROFILE")
		x.webIdentityBesideKeys()
	}
}

func (x Exporter) clear() {
	for _, name := range cleared {
		switch {
		case x.Held.Value(name) == "":
		case x.Held.Secret(name):
			x.warn(name + " is set (" + x.origin(name) + ") and cannot be cleared, because the job also has a secret variable of that name; some SDKs prefer it to the profile. Remove both.")
		default:
			_ = x.Out.SetVariable(name, "")
			x.Out.Print("cleared, because it takes precedence over the profile: " + name + " (" + x.origin(name) + ")")
		}
	}
}

// keysBesideProfile warns of keys that the AWS CLI, boto3 and the SDK for Go prefer to the
// profile, and of secret ones that a step may map.
func (x Exporter) keysBesideProfile() {
	const id = "AWS_ACCESS_KEY_ID"
	switch _, variable := x.Held.Variable(id); {
	case variable && x.Held.Value(id) != "":
		x.warn(id + " is a variable of this pipeline and takes precedence over the profile in most AWS tools. " +
			"Remove " + id + " and AWS_SECRET_ACCESS_KEY from the pipeline's variables and variable groups, or unset both in the script; an env: block cannot override a variable.")
	case x.Held.Value(id) != "":
		x.warn(id + " is set in the environment of the agent or of this step and takes precedence over the profile in most AWS tools. " +
			"Remove it from the agent's environment, or set " + id + " and AWS_SECRET_ACCESS_KEY to '' in the env: block of the steps that use the profile.")
	case x.Held.Secret(id) && !x.Step.Export.Mode.Variables():
		x.warn("This job has a secret variable " + id + ": a step that maps it uses those keys instead of the profile in most AWS tools, while the AWS SDK for JavaScript v3 uses the profile. " +
			"Do not map it in steps that use the profile; if it holds keys of the old set-up, delete it.")
	}
}

// defaultProfile warns of the variable that boto3 prefers to AWS_PROFILE.
func (x Exporter) defaultProfile() {
	const name = "AWS_DEFAULT_PROFILE"
	value, profile := x.Held.Value(name), x.Step.Export.ProfileName
	if value == "" || value == profile {
		return
	}
	way := "Remove it from the agent's environment, or set " + name + ": " + profile + " in the env: block of the steps that use the profile."
	if _, variable := x.Held.Variable(name); variable {
		way = "Remove it from the pipeline's variables and variable groups, set its value to " + profile + ", or unset it in the script; an env: block cannot override a variable."
	}
	x.warn(name + " is " + value + " (" + x.origin(name) + ") and takes precedence over AWS_PROFILE in boto3. " + way)
}

// profileBesideKeys warns of a profile's name beside mapped keys: the SDK for JavaScript
// v3 prefers the profile, and the AWS CLI and boto3 fail where it does not exist. It is
// never set empty: botocore fails on an empty name.
func (x Exporter) profileBesideKeys(name string) {
	value := x.Held.Value(name)
	if value == "" {
		return
	}
	where := "Remove it from the agent's environment"
	if _, variable := x.Held.Variable(name); variable {
		where = "Remove it from the pipeline's variables, or give the steps with mapped keys a job of their own if an earlier AssumeAwsRole step with a profile set it"
	}
	x.warn(name + " is " + value + " (" + x.origin(name) + "): beside mapped keys, the AWS SDK for JavaScript v3 uses that profile instead of the keys, and the AWS CLI and boto3 fail if it does not exist. " +
		where + ", or unset it in the script (Bash: unset " + name + "; PowerShell: Remove-Item Env:" + name + "). Do not set it to an empty value: the AWS CLI and boto3 fail on that.")
}

// webIdentityBesideKeys warns of a web identity that some SDKs ask before mapped keys.
func (x Exporter) webIdentityBesideKeys() {
	const file, role = "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"
	if x.Held.Value(file) == "" || x.Held.Value(role) == "" {
		return
	}
	x.warn(file + " and " + role + " are set (" + x.origin(file) + "): some SDKs use that web identity instead of mapped keys. " +
		"Remove them, or unset both in the script (Bash: unset " + file + " " + role + ").")
}
