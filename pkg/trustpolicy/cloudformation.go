package trustpolicy

import (
	"maps"
	"slices"
	"strings"
)

func (g Generated) cloudFormation() string {
	var b strings.Builder
	b.WriteString("# For AWS CloudFormation. The role has a name, so the stack needs CAPABILITY_NAMED_IAM.\n" + g.providerNote())
	b.WriteString(g.yamlParameters())
	b.WriteString("Resources:\n")
	if !g.existing {
		for _, p := range g.Providers {
			b.WriteString(lines("  ",
				yamlProvider(p)+":",
				"  Type: AWS::IAM::OIDCProvider",
				"  Properties:",
				"    Url: "+quoted(p.URL),
				"    ClientIdList: "+quotedList(p.ClientIDs, quoted)))
		}
	}
	b.WriteString(lines("  ",
		"Role:",
		"  Type: AWS::IAM::Role",
		"  Properties:",
		"    RoleName: !Ref RoleName",
		"    Path: "+quoted(g.Role.Path),
		"    MaxSessionDuration: !Ref MaxSessionDuration",
		"    PermissionsBoundary: !If [HasPermissionsBoundary, !Ref PermissionsBoundary, !Ref \"AWS::NoValue\"]",
		"    AssumeRolePolicyDocument:"))
	b.WriteString(g.yamlPolicy())
	b.WriteString(lines("",
		"Outputs:",
		"  RoleArn:",
		"    Description: Value of the task's input roleArn.",
		"    Value: !GetAtt Role.Arn"))
	return b.String()
}

func (g Generated) yamlParameters() string {
	return lines("",
		`AWSTemplateFormatVersion: "2010-09-09"`,
		"Description: A role that one identity of Azure DevOps may assume.",
		"Parameters:",
		"  RoleName:",
		"    Type: String",
		"    Default: "+quoted(g.Role.Name),
		`    AllowedPattern: "[\\w+=,.@-]{1,64}"`,
		"  MaxSessionDuration:",
		"    Type: Number",
		"    Description: In seconds; not less than durationSeconds of the task.",
		"    Default: 3600",
		"    MinValue: 3600",
		"    MaxValue: 43200",
		"  PermissionsBoundary:",
		"    Type: String",
		"    Description: ARN of the managed policy that is the role's permissions boundary; empty for none.",
		`    Default: ""`,
		"Conditions:",
		`  HasPermissionsBoundary: !Not [!Equals [!Ref PermissionsBoundary, ""]]`)
}

func (g Generated) yamlPolicy() string {
	var b strings.Builder
	b.WriteString(lines("        ", "Version: "+quoted(g.policy.Version), "Statement:"))
	for i, a := range g.policy.Statement {
		provider := quoted(a.Principal.Federated)
		if !g.existing {
			provider = "!Ref " + yamlProvider(g.Providers[i])
		}
		b.WriteString(lines("          ",
			"- Sid: "+a.Sid,
			"  Effect: "+a.Effect,
			"  Principal:",
			"    Federated: "+provider,
			"  Action: "+a.Action,
			"  Condition:",
			"    StringEquals:"))
		for _, key := range slices.Sorted(maps.Keys(a.Condition.StringEquals)) {
			b.WriteString(lines("                ", quoted(key)+": "+quoted(a.Condition.StringEquals[key])))
		}
	}
	return b.String()
}

// yamlProvider is the logical ID of a provider.
func yamlProvider(p Provider) string {
	if strings.HasPrefix(p.URL, "https://vstoken.") {
		return "AzureDevOpsProvider"
	}
	return "EntraProvider"
}
