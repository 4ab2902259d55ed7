package setuppage

import (
	"cmp"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// Steps are YAML for a pipeline that assumes the role.
type Steps struct {
	// Profile and Variables assume the role and use it, with exportAs profile and
	// variables.
	Profile   string `json:"profile"`
	Variables string `json:"variables"`
	// Check is one step that exports nothing.
	Check string `json:"check"`
}

const (
	use           = "- script: aws sts get-caller-identity\n"
	withVariables = `  env:
    AWS_ACCESS_KEY_ID: $(AWS_ACCESS_KEY_ID)
    AWS_SECRET_ACCESS_KEY: $(AWS_SECRET_ACCESS_KEY)
    AWS_SESSION_TOKEN: $(AWS_SESSION_TOKEN)
    AWS_REGION: $(AWS_REGION)
    AWS_DEFAULT_REGION: $(AWS_DEFAULT_REGION)
`
)

func (f Form) steps(roleARN string) *Steps {
	inputs := append(f.identityInputs(), "roleArn: "+scalar(roleARN))
	if f.Region != "" {
		inputs = append(inputs, "region: "+f.Region)
	}
	return &Steps{
		Profile:   f.step(append(inputs[:len(inputs):len(inputs)], "exportAs: profile")) + use,
		Variables: f.step(inputs) + use + withVariables,
		Check:     f.step(append(inputs[:len(inputs):len(inputs)], "checkOnly: true")),
	}
}

func (f Form) step(inputs []string) string {
	return "- task: " + cmp.Or(f.Task, DefaultTask) + "@1\n  inputs:\n    " + strings.Join(inputs, "\n    ") + "\n"
}

// identityInputs are the inputs that choose whose token it is.
func (f Form) identityInputs() []string {
	switch {
	case f.Identity == trustpolicy.Pipeline:
		return []string{"connectionType: none"}
	case !f.onEntra():
		return []string{"serviceConnection: " + scalar(f.Connection)}
	}
	inputs := []string{"connectionType: azureResourceManager", "azureServiceConnection: " + scalar(f.Connection)}
	if f.Identity == trustpolicy.EntraExchange {
		inputs = append(inputs, "entraAudience: "+scalar(f.Audience))
	}
	return inputs
}

var (
	plainScalar = pattern.Lazy(`^[A-Za-z][\w./@:+=,-]*$`)
	otherType   = pattern.Lazy(`(?i)^(true|false|yes|no|on|off|y|n|null|~)$`)
)

// scalar writes a text as YAML: plain where that cannot be read as anything else, in
// single quotes otherwise (YAML 1.2, 7.3.2). The text has no line break: a trust policy
// could not hold it.
func scalar(s string) string {
	if plainScalar().MatchString(s) && !otherType().MatchString(s) && !strings.HasSuffix(s, ":") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
