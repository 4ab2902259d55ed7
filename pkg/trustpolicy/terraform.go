package trustpolicy

import (
	"maps"
	"slices"
	"strings"
)

func (g Generated) terraform() string {
	role := hclLabel(g.Role.Name)
	var b strings.Builder
	b.WriteString("# For Terraform and OpenTofu with the provider hashicorp/aws, version 5.81 or later.\n" + g.providerNote() + "\n")
	b.WriteString(hclVariable(role+"_max_session_duration", "number", "3600",
		"Maximum session duration in seconds, 3600 to 43200; not less than durationSeconds of the task."))
	b.WriteString(hclVariable(role+"_permissions_boundary", "string", "null",
		"ARN of the managed policy that is the role's permissions boundary."))
	if !g.existing {
		for _, p := range g.Providers {
			b.WriteString(hclBlock("resource", []string{"aws_iam_openid_connect_provider", hclProvider(p)},
				"url            = "+hclString(p.URL),
				"client_id_list = "+quotedList(p.ClientIDs, hclString)))
		}
	}
	b.WriteString(hclBlock("resource", []string{"aws_iam_role", role},
		"name                 = "+hclString(g.Role.Name),
		"path                 = "+hclString(g.Role.Path),
		"max_session_duration = var."+role+"_max_session_duration",
		"permissions_boundary = var."+role+"_permissions_boundary",
		g.hclPolicy()))
	b.WriteString(hclBlock("output", []string{role + "_role_arn"},
		`description = "Value of the task's input roleArn."`,
		"value       = aws_iam_role."+role+".arn"))
	return strings.TrimSuffix(b.String(), "\n")
}

// hclPolicy is the attribute that holds the policy, without the indent of its
// first line.
func (g Generated) hclPolicy() string {
	var b strings.Builder
	b.WriteString("assume_role_policy = jsonencode({\n    Version = " + hclString(g.policy.Version) + "\n    Statement = [\n")
	for i, a := range g.policy.Statement {
		provider := hclString(a.Principal.Federated)
		if !g.existing {
			provider = "aws_iam_openid_connect_provider." + hclProvider(g.Providers[i]) + ".arn"
		}
		b.WriteString(lines("      ",
			"{",
			"  Sid       = "+hclString(a.Sid),
			"  Effect    = "+hclString(a.Effect),
			"  Principal = { Federated = "+provider+" }",
			"  Action    = "+hclString(a.Action),
			"  Condition = {",
			"    StringEquals = {"))
		b.WriteString(hclAligned("            ", a.Condition.StringEquals))
		b.WriteString(lines("      ", "    }", "  }", "},"))
	}
	return b.String() + "    ]\n  })"
}

// hclAligned are the attributes of an object, one per line, as the formatter of
// Terraform aligns them.
func hclAligned(indent string, object map[string]string) string {
	width := 0
	for key := range object {
		width = max(width, len(key))
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(object)) {
		b.WriteString(lines(indent, hclString(key)+strings.Repeat(" ", width-len(key))+" = "+hclString(object[key])))
	}
	return b.String()
}

func hclBlock(kind string, labels []string, attributes ...string) string {
	return kind + ` "` + strings.Join(labels, `" "`) + "\" {\n" + lines("  ", attributes...) + "}\n\n"
}

func hclVariable(name, kind, value, description string) string {
	return hclBlock("variable", []string{name}, "description = "+hclString(description), "type        = "+kind, "default     = "+value)
}

// hclString quotes a text, so that none of it is read as an interpolation or a
// directive.
func hclString(s string) string {
	return quoted(strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s))
}

// hclProvider is the label of a provider's resource.
func hclProvider(p Provider) string {
	if strings.HasPrefix(p.URL, "https://vstoken.") {
		return "azure_devops"
	}
	return "entra"
}

// hclLabel makes a resource's label of a role's name.
func hclLabel(name string) string {
	label := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
	if label[0] >= '0' && label[0] <= '9' {
		return "_" + label
	}
	return label
}
