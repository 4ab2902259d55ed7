package trustpolicy

import (
	"fmt"
	"strings"
)

// awsCLI writes commands for POSIX shells. Each runs only if the one before
// succeeded; set -e would end an interactive shell.
func (g Generated) awsCLI() string {
	var b strings.Builder
	b.WriteString(lines("",
		"# For bash, zsh and other POSIX shells, AWS CloudShell included. PowerShell and cmd.exe quote differently:",
		"# there, save the policy (--format json) to a file and pass it as file://policy.json.",
	) + g.providerNote())
	if !g.existing {
		b.WriteString("# An AWS CLI from before mid-2024 also requires --thumbprint-list.\n")
	}
	b.WriteString("max_session_duration=3600\npermissions_boundary=\n")
	policy := shellQuote(g.Document)
	for i, p := range g.Providers {
		if g.existing {
			break
		}
		fmt.Fprintf(&b, "provider_%d=$(aws iam create-open-id-connect-provider --url %s --client-id-list %s \\\n"+
			"  --query OpenIDConnectProviderArn --output text) &&\n", i+1, shellQuote(p.URL), shellQuote(p.ClientIDs[0]))
		// No name can look like this element, because its quotes would be escaped.
		const element = `"Federated": "%s"`
		literal := fmt.Sprintf(element, g.policy.Statement[i].Principal.Federated)
		policy = strings.Replace(policy, literal, fmt.Sprintf(element, fmt.Sprintf(`'"$provider_%d"'`, i+1)), 1)
	}
	fmt.Fprintf(&b, "aws iam create-role --role-name %s --path %s --max-session-duration \"$max_session_duration\" \\\n"+
		"  ${permissions_boundary:+\"--permissions-boundary=$permissions_boundary\"} --query Role.Arn --output text \\\n"+
		"  --assume-role-policy-document %s\n", shellQuote(g.Role.Name), shellQuote(g.Role.Path), policy)
	return b.String()
}

// shellQuote quotes a text for any POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
