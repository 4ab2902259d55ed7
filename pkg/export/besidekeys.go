package export

import (
	"context"
	"strings"
)

// besideKeys is the advice for exportAs: variables. Which SDK asks what first was tried
// with real clients (pkg/lab/clients); for the AWS SDK for .NET it is read from
// aws/aws-sdk-net sdk/src/Core/Amazon.Runtime/Credentials/FallbackCredentialsFactory.cs of
// version 3. Version 4 asks for the keys first.
func (s surroundings) besideKeys(ctx context.Context) []string {
	var out []string
	out = append(out, s.publicKeys()...)
	out = append(out, s.profileBesideKeys()...)
	out = append(out, s.defaultProfileBesideKeys()...)
	out = append(out, s.webIdentityBesideKeys()...)
	return append(out, s.homeBesideKeys(ctx)...)
}

// publicKeys warns of public variables that take precedence over the lines of an env:
// block with the same keys. One that this step makes secret is in no environment any more.
func (s surroundings) publicKeys() []string {
	var names []string
	for _, key := range keyNames {
		for _, name := range s.held.Variables(key) {
			if s.step.Export.Prefix != "" || !strings.EqualFold(name, key) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{"Public variables of this job take precedence over an env: block with these keys: " + strings.Join(names, ", ") + ". " +
		"Remove them from the pipeline's variables, variable groups and earlier steps."}
}

// profileBesideKeys warns of a profile's name beside mapped keys. It is never set empty:
// botocore fails on an empty name. That of an earlier step of this task for the same role
// does no harm.
func (s surroundings) profileBesideKeys() []string {
	const name = "AWS_PROFILE"
	value := s.held.Value(name)
	switch {
	case s.held.Empty(name):
		return []string{s.emptyProfile(name, "the AWS CLI and boto3 fail")}
	case value == "" || s.ours() && s.otherRole() == "":
		return nil
	case s.ours():
		return []string{"An earlier step of this job exported the profile " + value + ", and one assumed another role (" + s.otherRole() + "): beside the keys of this step, the AWS SDKs for JavaScript v3 and .NET v3 use that profile, whichever role it is for. " +
			"In scripts that map these keys, unset " + name + " " + unset(name) + ", or give the two roles jobs of their own."}
	}
	return []string{name + " is " + value + " (" + s.origin(name) + "): beside mapped keys, the AWS SDKs for JavaScript v3 and .NET v3 use that profile, and the AWS CLI, boto3 and the SDK for Go fail if it does not exist. " +
		s.remove(name) + ", or unset it in the script " + unset(name) + "; an empty value is no way out."}
}

// emptyProfile speaks of a profile's name that is set, but empty.
func (s surroundings) emptyProfile(name, fails string) string {
	return name + " is set, but empty (" + s.origin(name) + "), and " + fails + " on that. " + s.remove(name) + ", or unset it in the script " + unset(name) + "."
}

// defaultProfileBesideKeys warns of the older name, which the AWS CLI and boto3 read.
func (s surroundings) defaultProfileBesideKeys() []string {
	const name = "AWS_DEFAULT_PROFILE"
	switch value := s.held.Value(name); {
	case s.held.Empty(name):
		return []string{s.emptyProfile(name, "the AWS CLI and boto3 fail")}
	case value != "":
		return []string{name + " is " + value + " (" + s.origin(name) + "): the AWS CLI and boto3 fail if that profile does not exist, even with mapped keys. " +
			s.remove(name) + ", or unset it in the script " + unset(name) + "; an empty value is no way out."}
	}
	return nil
}

// webIdentityBesideKeys warns of a web identity that an SDK asks before mapped keys.
func (s surroundings) webIdentityBesideKeys() []string {
	const file, role = "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"
	if s.held.Value(file) == "" || s.held.Value(role) == "" {
		return nil
	}
	return []string{file + " and " + role + " are set (" + s.origin(file) + "): the AWS SDK for .NET v3 uses that web identity instead of mapped keys. " +
		s.remove(file) + ", or unset it in the script " + unset(file) + "."}
}
