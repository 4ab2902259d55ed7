package pipeline

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

var (
	sessionNamePattern = pattern.Lazy(`^[\w+=,.@-]{2,64}$`)
	policyARNPattern   = pattern.Lazy(`^arn:(aws[a-z-]*):iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+$`)
)

// role checks the inputs of the group "Role" and the pin of the connection.
func role(in Inputs, job Job, lookup Lookup, kind IdentityKind, conn endpoint, p *problems) Role {
	r := Role{DurationSeconds: int32(integer("durationSeconds", in.DurationSeconds, 3600, 900, 43200, p))} //nolint:gosec // at most 43200
	r.ARN, r.Source = requestedRole(in, job, lookup, &r, p)
	pinned := pin(kind, conn, &r, p)
	if in.RoleARN == "" && in.EnvironmentRoles == "" && !pinned && kind != "" {
		p.add("roleArn", "no role is given: fill roleArn or environmentRoles, or pin a role in the service connection")
	}
	r.Region, r.RegionSource = region(in, lookup, kind, conn, r.ARN, p)
	r.SessionName = sessionName(in, job, p)
	return r
}

// requestedRole is the role that the step's inputs name.
func requestedRole(in Inputs, job Job, lookup Lookup, r *Role, p *problems) (RoleARN, string) {
	if in.EnvironmentRoles != "" {
		if in.RoleARN != "" {
			p.add("roleArn", "roleArn and environmentRoles exclude each other; leave one empty")
		}
		r.Environment = environmentName(in, job, lookup)
		return environmentRole(in, r.Environment, p), "environmentRoles, environment " + shown(r.Environment.Name)
	}
	if in.RoleARN == "" || macro().MatchString(in.RoleARN) {
		return RoleARN{}, ""
	}
	arn, problem := parseRoleARN(in.RoleARN)
	if problem != "" {
		p.add("roleArn", "%s %s", shown(in.RoleARN), problem)
	}
	return arn, "input roleArn"
}

// pin applies the role that the connection names: it decides, and a different
// role in the step is a problem that names both. It tells whether there is a pin.
func pin(kind IdentityKind, conn endpoint, r *Role, p *problems) bool {
	var pinned string
	input := "serviceConnection"
	switch kind {
	case AWSOIDC:
		pinned = conn.pinnedRole()
	case AWSToolkit:
		pinned, input = conn.pinnedToolkitRole(), "awsServiceConnection"
	case AzureResourceManager, AzureDevOps, PipelineIdentity: // have no pin
	}
	if pinned == "" {
		return false
	}
	arn, problem := parseRoleARN(pinned)
	switch {
	case problem != "":
		p.add(input, "the role pinned in the connection, %s, %s", shown(pinned), problem)
	case r.ARN.Given() && r.ARN.Full != arn.Full:
		p.add(input, "the connection pins the role %s, but %s asks for %s", arn.Full, r.Source, r.ARN.Full)
	default:
		r.ARN, r.Source = arn, "service connection"
	}
	return true
}

// pinnedRole is the role in the data of a connection of our own type.
func (e endpoint) pinnedRole() string {
	if e.id == "" {
		return ""
	}
	return e.data("ROLEARN")
}

// pinnedToolkitRole is the role of an AWS Toolkit connection. Nothing else of
// such a connection is ever read.
func (e endpoint) pinnedToolkitRole() string {
	if e.id == "" {
		return ""
	}
	return e.parameter("ASSUMEROLEARN")
}

// region is the step's region: the input, else the connection's, else AWS_REGION.
func region(in Inputs, lookup Lookup, kind IdentityKind, conn endpoint, arn RoleARN, p *problems) (name, source string) {
	name, source = in.Region, "input region"
	if name == "" && kind == AWSOIDC && conn.id != "" {
		name, source = conn.data("REGION"), "service connection"
	}
	if name == "" {
		name, source = strings.TrimSpace(lookup.Get("AWS_REGION")), "AWS_REGION"
	}
	switch {
	case name == "":
		p.add("region", "no region is given: fill region, set it in the service connection, or set AWS_REGION")
	case macro().MatchString(name):
		if source != "input region" {
			p.add("region", "%s (from %s) is not a region", shown(name), source)
		}
	case !regionPattern().MatchString(name):
		p.add("region", "%s (from %s) is not a region such as eu-west-1", shown(name), source)
	case arn.Given() && regionPartition(name) != arn.Partition:
		p.add("region", "%s (from %s) belongs to the partition %s, but the role to %s", name, source, regionPartition(name), arn.Partition)
	}
	return name, source
}

// sessionName is the given name, checked, or one that names the run.
func sessionName(in Inputs, job Job, p *problems) string {
	if in.RoleSessionName == "" {
		name := defaultSessionName(job)
		if !sessionNamePattern().MatchString(name) {
			p.add("roleSessionName", "none can be made of the run id %s; give a name", shown(job.runID))
		}
		return name
	}
	if !sessionNamePattern().MatchString(in.RoleSessionName) {
		p.about(in.RoleSessionName, "roleSessionName", "%s does not consist of 2 to 64 of the characters A-Z a-z 0-9 _ + = , . @ -", shown(in.RoleSessionName))
	}
	return in.RoleSessionName
}

// defaultSessionName is <project>-<pipeline>-<run id>, at most 64 characters
// (API_AssumeRoleWithWebIdentity, RoleSessionName). The pipeline's name is cut
// first, then the project's; the run id never.
func defaultSessionName(job Job) string {
	const longest = 64
	project, pipeline, run := sessionChars(job.project), sessionChars(job.pipeline), sessionChars(job.runID)
	left := max(0, longest-len(run)-len("-"))
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

// sessionChars replaces every character that a session name cannot hold.
func sessionChars(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (r == '_' || strings.ContainsRune("+=,.@-", r) || isAlphanumeric(r)) {
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
func limits(in Inputs, s *Step, p *problems) {
	const chainLimit = 3600 // role chaining, IAM User Guide "Terms and concepts"
	if s.Chain != nil && s.Role.DurationSeconds > chainLimit {
		p.add("durationSeconds", "%d is more than the %d seconds that AWS allows for a second role", s.Role.DurationSeconds, chainLimit)
	}
	s.Role.Policy = sessionPolicy(in.SessionPolicy, p)
	size := utf8.RuneCountInString(s.Role.Policy)
	for _, l := range lines(in.SessionPolicyARNs) {
		s.Role.PolicyARNs = append(s.Role.PolicyARNs, l.text)
		size += len(l.text)
		policyARN(l, s.Target(), p)
	}
	if n := len(s.Role.PolicyARNs); n > 10 {
		p.add("sessionPolicyArns", "%d ARNs are given; AWS takes at most 10", n)
	}
	if len(s.Role.PolicyARNs) > 0 && size > maxPolicy {
		p.add("sessionPolicyArns", "sessionPolicy and sessionPolicyArns together have %d characters; AWS takes at most %d", size, maxPolicy)
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
		p.add(input, "%d characters; AWS takes at most %d", n, maxPolicy)
	}
	foreign := func(r rune) bool { return r > 0xFF || r < 0x20 && r != '\t' && r != '\n' && r != '\r' }
	if strings.ContainsFunc(s, foreign) {
		p.add(input, "AWS takes only characters from U+0020 to U+00FF, tabs and line breaks")
	}
	return s
}

func policyARN(l line, target RoleARN, p *problems) {
	const input = "sessionPolicyArns"
	m := policyARNPattern().FindStringSubmatch(l.text)
	switch {
	case macro().MatchString(l.text):
	case m == nil:
		p.add(input, "line %d: %s is not the ARN of a managed policy", l.number, shown(l.text))
	case target.Given() && m[1] != target.Partition:
		p.add(input, "line %d: %s is in the partition %s, but the role in %s", l.number, shown(l.text), m[1], target.Partition)
	case target.Given() && m[2] != "aws" && m[2] != target.Account:
		p.add(input, "line %d: %s is not a policy of the role's account %s", l.number, shown(l.text), target.Account)
	}
}

// PinnedRoles are the role ARNs that the selected connection names, unchecked.
func PinnedRoles(in Inputs, lookup Lookup) []string {
	own := endpoint{lookup, strings.ToLower(in.ServiceConnection)}
	toolkit := endpoint{lookup, strings.ToLower(in.AWSServiceConnection)}
	return []string{own.pinnedRole(), toolkit.pinnedToolkitRole()}
}
