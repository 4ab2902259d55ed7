package trustpolicy

import (
	"strings"
)

// Formats are the forms that Format writes.
var Formats = []string{"json", "terraform", "cloudformation", "aws-cli"}

// Format writes the policy, the role and the providers in one of Formats; json is
// the policy alone. All forms carry the same policy. The code refers to a provider
// that it creates instead of repeating its ARN.
func (g Generated) Format(format string) string {
	switch format {
	case "terraform":
		return g.terraform()
	case "cloudformation":
		return g.cloudFormation()
	case "aws-cli":
		return g.awsCLI()
	}
	return g.Document + "\n"
}

// providerNote is the comment about the providers at the top of generated code.
func (g Generated) providerNote() string {
	var b strings.Builder
	if len(g.Providers) > 1 {
		b.WriteString("# If the role exists, replace its trust policy by the policy alone (--format json), with\n" +
			"# aws iam update-assume-role-policy. Create the Entra provider if the account lacks it.\n")
	}
	if !g.existing {
		b.WriteString("# An AWS account has one identity provider per URL. If yours already has it, add the\n" +
			"# client ID to its list and generate this code for an existing provider (--existing-provider).\n")
		return b.String()
	}
	for _, p := range g.Providers {
		b.WriteString("# The account must have the identity provider " + p.URL + "\n# with the client ID " + strings.Join(p.ClientIDs, ", ") + ".\n")
	}
	return b.String()
}

// quoted is a JSON string, which is also a string of YAML and, apart from its
// template sequences, of HCL.
func quoted(s string) string { return encode(s, "") }

// quotedList is a list of such strings.
func quotedList(values []string, quote func(string) string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = quote(v)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// lines joins lines, each indented.
func lines(indent string, lines ...string) string {
	return indent + strings.Join(lines, "\n"+indent) + "\n"
}
