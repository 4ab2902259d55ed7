package pipeline

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

var (
	prefixPattern  = pattern.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)
	profilePattern = pattern.Lazy(`^[A-Za-z0-9._@-]+$`)
)

const longestProfileName = 64

// reservedPrefixes begin variable names that the agent never hands to a step
// (learn.microsoft.com, Azure Pipelines variables).
var reservedPrefixes = []string{"input", "secret", "endpoint", "securefile"}

// export checks the inputs of the group "Export".
func export(in Inputs, p *problems) Export {
	e := Export{
		Mode:          choice("exportAs", ExportMode(in.ExportAs), ExportVariables, p, exportModes),
		ProfileName:   "default",
		AWSToolkit:    boolean("exportForAwsToolkit", in.ExportForAWSToolkit, p),
		MaskAccountID: boolean("maskAccountId", in.MaskAccountID, p),
	}
	if e.Mode.Variables() {
		e.Prefix = variablePrefix(in.VariablePrefix, p)
	}
	if e.Mode.Profile() && in.ProfileName != "" {
		e.ProfileName = in.ProfileName
		if len(in.ProfileName) > longestProfileName || !profilePattern().MatchString(in.ProfileName) {
			p.about(in.ProfileName, "profileName", "%s must be 1–64 characters from A-Z a-z 0-9 . _ @ -", p.shown("profileName", in.ProfileName))
		}
	}
	if e.AWSToolkit && in.VariablePrefix != "" {
		p.add("exportForAwsToolkit", "cannot be combined with variablePrefix: the AWS Toolkit reads fixed names")
	}
	if e.AWSToolkit && !e.Mode.Variables() {
		p.add("exportForAwsToolkit", "cannot be combined with exportAs: profile; choose variables or both")
	}
	return e
}

func variablePrefix(s string, p *problems) string {
	const input = "variablePrefix"
	if s == "" || macro().MatchString(s) {
		return ""
	}
	if !prefixPattern().MatchString(s) {
		p.add(input, "%s is not a letter or _ followed by letters, digits or _", p.shown(input, s))
	}
	for _, r := range reservedPrefixes {
		if strings.HasPrefix(strings.ToLower(s), r) {
			p.add(input, "%s begins with %s; Azure Pipelines does not pass variables starting with it to later steps", p.shown(input, s), r)
		}
	}
	return s
}
