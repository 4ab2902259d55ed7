package pipeline

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// role checks the inputs of the group "Role" and the pin of the connection.
func role(in Inputs, j job, lookup Lookup, conn endpoint, s *Step, p *problems) {
	r := &s.Plan.Role
	r.DurationSeconds = int32(integer("durationSeconds", in.DurationSeconds, 3600, 900, 43200, p)) //nolint:gosec // at most 43200
	requestedRole(in, j, lookup, s, p)
	pin(in, conn, s, p)
	if in.RoleARN == "" && in.EnvironmentRoles == "" && !s.Pinned && s.Kind != "" {
		p.add("roleArn", "%s", noRole(s.Kind))
	}
	s.Region, s.RegionSource = region(in, lookup, s.Kind, conn, r.ARN, p)
	r.SessionName, r.SessionWithheld = sessionName(in, j, p), p.withheld["roleSessionName"]
}

// noRole names the places that a role of this kind of identity can come from.
func noRole(kind IdentityKind) string {
	if kind == AWSOIDC || kind == AWSToolkit {
		return "no role is given: fill roleArn or environmentRoles, or pin a role in the service connection"
	}
	return "no role is given: fill roleArn or environmentRoles"
}

// requestedRole is the role that the step's inputs name.
func requestedRole(in Inputs, j job, lookup Lookup, s *Step, p *problems) {
	if in.EnvironmentRoles != "" {
		if in.RoleARN != "" {
			p.add("roleArn", "roleArn and environmentRoles exclude each other; leave one empty")
		}
		s.Environment = environmentName(in, j, lookup)
		s.Plan.Role.ARN = environmentRole(in, s.Environment, p)
		s.RoleSource = "environmentRoles, environment " + p.shown("environment", s.Environment.Name)
		return
	}
	if in.RoleARN == "" || macro().MatchString(in.RoleARN) {
		return
	}
	arn, problem := iam.ParseRoleARN(in.RoleARN)
	if problem != "" {
		p.add("roleArn", "%s %s", p.shown("roleArn", in.RoleARN), problem)
	}
	s.Plan.Role.ARN, s.RoleSource = arn, "input roleArn"
}

// pin applies the role that the connection names: it decides, and a different role in
// the step is a problem that names both. It counts whatever connectionType reaches the
// connection, so that a choice of the step cannot walk past it.
func pin(in Inputs, conn endpoint, s *Step, p *problems) {
	input, _ := in.connectionInput(s.Kind)
	for _, pinned := range conn.pinnedRoles() {
		s.Pinned = true
		arn, problem := iam.ParseRoleARN(pinned)
		asked := s.Plan.Role.ARN
		switch {
		case problem != "":
			p.add(input, "the role pinned in the connection, %s, %s", p.shown("", pinned), problem)
		case asked.Given() && asked != arn:
			p.add(input, "the connection pins the role %s, but %s asks for %s", p.plain("", arn.String()), s.RoleSource, p.plain(s.roleInput(), asked.String()))
		default:
			s.Plan.Role.ARN, s.RoleSource = arn, "service connection"
		}
	}
}

// roleInput is the input that names the role.
func (s *Step) roleInput() string {
	if s.Environment.Source != "" {
		return "environmentRoles"
	}
	return "roleArn"
}

// pinnedRoles are the roles that a connection names, unchecked: the role in the data of a
// connection of our own type, and that of an AWS Toolkit connection, of which nothing
// else is ever read.
func (e endpoint) pinnedRoles() []string {
	var out []string
	if e.id == "" {
		return nil
	}
	for _, role := range []string{e.data("ROLEARN"), e.parameter("ASSUMEROLEARN")} {
		if role != "" {
			out = append(out, role)
		}
	}
	return out
}

// region is the step's region: the input, else the connection's, else AWS_REGION.
func region(in Inputs, lookup Lookup, kind IdentityKind, conn endpoint, arn iam.RoleARN, p *problems) (name, source string) {
	name, source = in.Region, "input region"
	if name == "" && kind == AWSOIDC && conn.id != "" {
		name, source = conn.data("REGION"), "service connection"
	}
	if name == "" {
		name, source = strings.TrimSpace(lookup.Get("AWS_REGION")), "AWS_REGION"
	}
	switch {
	case name == "" && lookup.Held().Secret("AWS_REGION"):
		p.add("region", "no region is given, and AWS_REGION is a secret variable, which the agent does not pass to steps: set region to $(AWS_REGION), or make the variable public")
	case name == "" && kind == AWSOIDC:
		p.add("region", "no region is given: fill region, set it in the service connection, or set AWS_REGION")
	case name == "":
		p.add("region", "no region is given: fill region or set AWS_REGION")
	case macro().MatchString(name):
		if source != "input region" {
			p.add("region", "%s (from %s) is not a region", p.shown("region", name), source)
		}
	case !iam.ValidRegion(name):
		p.add("region", "%s (from %s) is not a region such as eu-west-1", p.shown("region", name), source)
	case arn.Given() && iam.PartitionOf(name) != arn.Partition:
		p.add("region", "%s (from %s) belongs to the partition %s, but the role to %s", p.plain("region", name), source, iam.PartitionOf(name), arn.Partition)
	}
	return name, source
}

// sessionName is the given name, checked, or one that names the run.
func sessionName(in Inputs, j job, p *problems) string {
	if in.RoleSessionName == "" {
		name := defaultSessionName(j)
		if !validSessionName(name) {
			p.add("roleSessionName", "cannot derive a session name from run id %s; set roleSessionName", p.shown("", j.runID))
		}
		return name
	}
	if !validSessionName(in.RoleSessionName) {
		p.about(in.RoleSessionName, "roleSessionName", "%s must be 2–64 characters from A-Z a-z 0-9 _ + = , . @ -", p.shown("roleSessionName", in.RoleSessionName))
	}
	return in.RoleSessionName
}

// defaultSessionName is <project>-<pipeline>-<run id>, at most 64 characters
// (API_AssumeRoleWithWebIdentity, RoleSessionName). The pipeline's name is cut
// first, then the project's; the run id never.
func defaultSessionName(j job) string {
	project, pipeline, run := sessionChars(j.Project), sessionChars(j.pipeline), sessionChars(j.runID)
	left := max(0, longestSessionName-len(run)-len("-"))
	project = project[:min(len(project), left)]
	if project != "" {
		left = max(0, left-len(project)-len("-"))
	}
	pipeline = pipeline[:min(len(pipeline), left)]
	var parts []string
	for _, part := range []string{project, pipeline, run} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if name := strings.Join(parts, "-"); len(name) >= 2 {
		return name
	}
	return strings.TrimSuffix("assume-aws-role-"+run, "-")
}

const longestSessionName = 64

// validSessionName reports whether STS takes s as RoleSessionName or SourceIdentity (AWS
// STS API reference, API_AssumeRole). A pattern with {2,64} would be compiled as 64
// patterns, in every step.
func validSessionName(s string) bool {
	return len(s) >= 2 && len(s) <= longestSessionName && sessionChars(s) == s
}

// sessionChars replaces every character that a session name cannot hold.
func sessionChars(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || strings.ContainsRune("+=,.@-", r) || isAlphanumeric(r) {
			return r
		}
		return '-'
	}, s)
}

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// limits checks what applies to the role whose credentials are exported: session
// policies and the duration.
func limits(in Inputs, plan *Plan, p *problems) {
	const chainLimit = 3600 // role chaining, IAM User Guide "Terms and concepts"
	r := &plan.Role
	if plan.Chain != nil && r.DurationSeconds > chainLimit {
		p.add("durationSeconds", "%d is more than the %d seconds that AWS allows for a second role", r.DurationSeconds, chainLimit)
	}
	r.Policy = sessionPolicy(in.SessionPolicy, p)
	size := utf8.RuneCountInString(r.Policy)
	for _, l := range lines(in.SessionPolicyARNs) {
		r.PolicyARNs = append(r.PolicyARNs, l.text)
		size += len(l.text)
		policyARN(l, plan.Target(), p)
	}
	if n := len(r.PolicyARNs); n > 10 {
		p.add("sessionPolicyArns", "%d ARNs are given; AWS accepts at most 10", n)
	}
	if len(r.PolicyARNs) > 0 && size > maxPolicy {
		p.add("sessionPolicyArns", "sessionPolicy and sessionPolicyArns together have %d characters; AWS accepts at most %d", size, maxPolicy)
	}
}

// maxPolicy bounds the characters of a session policy
// (API_AssumeRoleWithWebIdentity, Policy).
const maxPolicy = 2048

func sessionPolicy(s string, p *problems) string {
	const input = "sessionPolicy"
	if s == "" || macro().MatchString(s) {
		return s
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(s), &document); err != nil || document == nil {
		p.add(input, "not a JSON object; check commas, quotes and braces")
	}
	if n := utf8.RuneCountInString(s); n > maxPolicy {
		p.add(input, "%d characters; AWS accepts at most %d", n, maxPolicy)
	}
	foreign := func(r rune) bool { return r > 0xFF || r < 0x20 && r != '\t' && r != '\n' && r != '\r' }
	if strings.ContainsFunc(s, foreign) {
		p.add(input, "AWS accepts only characters from U+0020 to U+00FF, tabs and line breaks")
	}
	return s
}

func policyARN(l line, target iam.RoleARN, p *problems) {
	const input = "sessionPolicyArns"
	partition, account, ok := iam.ParsePolicyARN(l.text)
	switch {
	case macro().MatchString(l.text):
	case !ok:
		p.add(input, "line %d: %s is not the ARN of a managed policy", l.number, p.shown(input, l.text))
	case target.Given() && partition != target.Partition:
		p.add(input, "line %d: %s is in the partition %s, but the role in %s", l.number, p.shown(input, l.text), partition, target.Partition)
	case target.Given() && account != iam.ManagedByAWS && account != target.Account:
		p.add(input, "line %d: %s is not a policy of the role's account %s", l.number, p.shown(input, l.text), p.plain("roleArn", string(target.Account)))
	}
}
