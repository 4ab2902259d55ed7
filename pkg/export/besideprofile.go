package export

import (
	"slices"
	"strings"
)

// cleared are variables that some SDKs prefer to a profile, or use where one fails; an
// empty value switches each off.
var cleared = []string{
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
}

// clearable reports whether an empty variable of the job hides the environment variable
// from later steps: not where a secret one keeps it from them, or where another name
// becomes the same environment variable.
func (s surroundings) clearable(name string) bool {
	return !s.held.Secret(name) && len(s.held.Twins(name)) == 0
}

// besideProfile is the advice for a profile.
func (s surroundings) besideProfile() []string {
	var out []string
	out = append(out, s.uncleared()...)
	out = append(out, s.keysBesideProfile()...)
	out = append(out, s.mappedBesideProfile()...)
	return append(out, s.defaultProfile()...)
}

// uncleared warns of variables that take precedence and that the step cannot clear.
func (s surroundings) uncleared() []string {
	var names []string
	for _, name := range cleared {
		if s.held.Value(name) != "" && !s.clearable(name) {
			names = append(names, name+" ("+s.origin(name)+")")
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{"Some SDKs prefer these to the profile, and the step cannot clear them, because of a secret variable of that name or another spelling of it: " +
		strings.Join(names, ", ") + ". Remove them from the pipeline's variables, variable groups and " + s.outside() + "."}
}

// keysBesideProfile warns of keys that the AWS CLI, boto3 and the SDK for Go prefer to the
// profile. Those that this step makes secret are not in a script's environment any more.
func (s surroundings) keysBesideProfile() []string {
	const id, key = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
	becomesSecret := s.step.Export.Mode.Variables() && s.step.Export.Prefix == "" && s.held.Public(id) && len(s.held.Twins(id)) == 0
	if s.held.Value(id) == "" || becomesSecret {
		return nil
	}
	said := id + " (" + s.origin(id) + ") takes precedence over the profile in the AWS CLI, boto3 and other tools. " + s.remove(id, key)
	if s.variable(id) {
		return []string{said + ", or unset both in the script " + unset(id, key) + "."}
	}
	return []string{said + ", or set " + id + ": '' and " + key + ": '' in the env: block of the steps that use the profile."}
}

// longLived begins the id of an access key that does not expire (IAM User Guide, "IAM
// identifiers", unique ID prefixes).
const longLived = "AKIA"

// mappedBesideProfile warns of secret keys that a step may map beside the profile: those
// of an old set-up, and those of another role.
func (s surroundings) mappedBesideProfile() []string {
	const id, profile = "AWS_ACCESS_KEY_ID", "AWS_PROFILE"
	if !s.step.Export.Mode.Variables() && strings.HasPrefix(s.held.SecretValue(id).Reveal(), longLived) {
		return []string{"The secret variable " + id + " holds a long-lived access key, which the AWS CLI, boto3 and other tools prefer to the profile in a step that maps it. " +
			"Delete it and AWS_SECRET_ACCESS_KEY from the pipeline's variables and variable groups, or do not map them in steps that use the profile."}
	}
	other := s.otherRole()
	if other == "" || !slices.ContainsFunc(s.held.SecretNames(), s.earlierKey) {
		return nil
	}
	return []string{"An earlier step of this job assumed another role (" + other + "): in a step that maps keys of that role, the AWS SDKs for JavaScript v3 and .NET v3 use the profile of this step. " +
		"In such scripts, unset " + profile + " " + unset(profile) + ", or give the two roles jobs of their own."}
}

// earlierKey reports whether a variable holds an access key's id that stays in the job
// beside those that this step exports.
func (s surroundings) earlierKey(name string) bool {
	const id = "AWS_ACCESS_KEY_ID"
	replaced := s.step.Export.Mode.Variables() && strings.EqualFold(name, s.step.Export.Prefix+id)
	return strings.HasSuffix(strings.ToUpper(name), id) && !replaced
}

// defaultProfile warns of the variable that boto3 prefers to AWS_PROFILE.
func (s surroundings) defaultProfile() []string {
	const name = "AWS_DEFAULT_PROFILE"
	value, profile := s.held.Value(name), s.step.Export.ProfileName
	said := name + " is " + value + " (" + s.origin(name) + ") and takes precedence over AWS_PROFILE in boto3. "
	switch {
	case s.held.Empty(name):
		said = name + " is set, but empty (" + s.origin(name) + "), and boto3 fails on that. "
	case value == "" || value == profile:
		return nil
	}
	if s.variable(name) {
		return []string{said + s.remove(name) + ", or unset it in the script " + unset(name) + "."}
	}
	return []string{said + s.remove(name) + ", or set " + name + ": " + profile + " in the env: block of the steps that use the profile."}
}
