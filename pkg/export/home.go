package export

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
)

// homeBesideKeys warns of a default profile of the agent's user that an SDK asks before
// mapped keys. Where AWS_PROFILE is set, that profile counts.
func (s surroundings) homeBesideKeys(ctx context.Context) []string {
	if s.held.Value("AWS_PROFILE") != "" {
		return nil
	}
	for _, file := range s.profileFiles() {
		data, err := foreign.ReadFile(ctx, file)
		if err == nil && defaultCredentials(string(data)) {
			return []string{file + " has credentials in its default profile, which the AWS SDK for .NET v3 uses instead of mapped keys. " +
				"Remove that profile from the agent, or use exportAs: profile, which hides the file from later steps."}
		}
	}
	return nil
}

// profileFiles are the files in which SDKs look for profiles
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html).
func (s surroundings) profileFiles() []string {
	home := s.held.Value("USERPROFILE")
	if home == "" {
		home = s.held.Value("HOME")
	}
	var files []string
	for _, f := range []struct{ variable, usual string }{{"AWS_SHARED_CREDENTIALS_FILE", "credentials"}, {"AWS_CONFIG_FILE", "config"}} {
		switch named := s.held.Value(f.variable); {
		case named != "":
			files = append(files, named)
		case home != "":
			files = append(files, filepath.Join(home, ".aws", f.usual))
		}
	}
	return files
}

// sources are settings by which a profile has credentials. A default profile with a
// region alone, which is common, outranks nothing.
var sources = []string{"aws_access_key_id", "credential_process", "credential_source", "role_arn", "sso_session", "sso_start_url", "web_identity_token_file"}

// defaultCredentials reports whether the default profile of an AWS config or credentials
// file has credentials. It looks at the names of sections and settings, never at a value.
func defaultCredentials(text string) bool {
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section, _, _ := strings.Cut(line[1:], "]")
			inside = slices.Equal(strings.Fields(section), []string{"default"}) || slices.Equal(strings.Fields(section), []string{"profile", "default"})
			continue
		}
		name, _, _ := strings.Cut(line, "=")
		if inside && slices.Contains(sources, strings.ToLower(strings.TrimSpace(name))) {
			return true
		}
	}
	return false
}
