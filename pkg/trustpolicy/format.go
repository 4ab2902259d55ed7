package trustpolicy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Formats are the forms that Format writes.
var Formats = []string{"json", "terraform", "cloudformation", "aws-cli"}

// roleName is the name that the generated code gives the role; it is meant to be
// changed.
const roleName = "azure-pipelines-deploy"

// Format writes the policy, and the providers it relies on, in one of Formats. All
// forms carry the same policy.
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

// sharedNote stands in every form that creates a provider.
const sharedNote = "An account has one provider per URL. If it exists, add the client id to it and keep the ids it has."

func (g Generated) terraform() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", sharedNote)
	for i, p := range g.Providers {
		fmt.Fprintf(&b, "resource \"aws_iam_openid_connect_provider\" \"azure_pipelines_%d\" {\n  url            = %s\n  client_id_list = [%s]\n}\n\n",
			i+1, hclString(p.URL), hclStrings(p.ClientIDs))
	}
	fmt.Fprintf(&b, "resource \"aws_iam_role\" \"azure_pipelines\" {\n  name               = %q\n  assume_role_policy = <<-JSON\n%s\n  JSON\n}\n",
		roleName, indent(hclTemplate(g.Document), "    "))
	return b.String()
}

// hclTemplate keeps text from being read as an interpolation or a directive.
func hclTemplate(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
}

func hclString(s string) string { return hclTemplate(jsonString(s)) }

func hclStrings(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = hclString(v)
	}
	return strings.Join(out, ", ")
}

// jsonString quotes a text for JSON, and so for YAML and HCL too.
func jsonString(s string) string { return pretty(s) }

func (g Generated) cloudFormation() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\nResources:\n", sharedNote)
	for i, p := range g.Providers {
		ids, _ := json.Marshal(p.ClientIDs)
		fmt.Fprintf(&b, "  AzurePipelinesProvider%d:\n    Type: AWS::IAM::OIDCProvider\n    Properties:\n      Url: %s\n      ClientIdList: %s\n",
			i+1, jsonString(p.URL), ids)
	}
	// JSON is YAML's flow style, so the policy stands there as it is.
	fmt.Fprintf(&b, "  AzurePipelinesRole:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: %s\n      AssumeRolePolicyDocument:\n%s\n",
		roleName, indent(g.Document, "        "))
	return b.String()
}

func (g Generated) awsCLI() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", sharedNote)
	for _, p := range g.Providers {
		ids := make([]string, len(p.ClientIDs))
		for i, id := range p.ClientIDs {
			ids[i] = shellQuote(id)
		}
		fmt.Fprintf(&b, "aws iam create-open-id-connect-provider --url %s --client-id-list %s\n", shellQuote(p.URL), strings.Join(ids, " "))
	}
	fmt.Fprintf(&b, "aws iam create-role --role-name %s --assume-role-policy-document %s\n", roleName, shellQuote(g.Document))
	return b.String()
}

// shellQuote quotes a text for any POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func indent(s, by string) string { return by + strings.ReplaceAll(s, "\n", "\n"+by) }

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
