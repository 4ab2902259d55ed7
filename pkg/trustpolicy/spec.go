package trustpolicy

import (
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// Identities that Generate writes policies for.
const (
	ServiceConnection = "service-connection"
	Pipeline          = "pipeline"
	EntraConnection   = "entra-connection"
	EntraExchange     = "entra-exchange"
)

// Identities lists the values of Spec.Identity.
var Identities = []string{ServiceConnection, Pipeline, EntraConnection, EntraExchange}

// DefaultRole is the role's name when a Spec has none.
const DefaultRole = "azure-pipelines-deploy"

// Spec names an identity and the role it may assume. Which fields are required
// depends on Identity and Migrate. A field's JSON name is also the name of its
// command-line flag and the Field of its problems.
type Spec struct {
	Identity string      `json:"identity"`
	Account  iam.Account `json:"account"`
	// Partition is aws when empty.
	Partition iam.Partition `json:"partition"`
	// Role is [/path/]name, DefaultRole when empty.
	Role         string `json:"role"`
	Org          string `json:"org"`
	OrgID        string `json:"org-id"`
	Project      string `json:"project"`
	Connection   string `json:"connection"`
	ConnectionID string `json:"connection-id"`
	Pipeline     string `json:"pipeline"`
	TenantID     string `json:"tenant-id"`
	TokenVersion string `json:"token-version"`
	ClientID     string `json:"client-id"`
	ObjectID     string `json:"object-id"`
	Audience     string `json:"audience"`
	// Migrate adds the statement of the Azure DevOps issuer to that of the Entra
	// issuer, so that a connection can be converted without a failed run.
	Migrate bool `json:"migrate"`
	// ExistingProvider leaves the identity providers out of the generated code,
	// because the account has them already.
	ExistingProvider bool `json:"existing-provider"`
}

// Problem is what is wrong with one field of a Spec.
type Problem struct {
	// Field is the JSON name of the field.
	Field string `json:"field"`
	Text  string `json:"text"`
}

// withDefaults fills the fields that have a default.
func (s Spec) withDefaults() Spec {
	if s.Partition == "" {
		s.Partition = iam.Commercial
	}
	if s.Role == "" {
		s.Role = DefaultRole
	}
	return s
}

// checker collects the problems of a spec, at most one for each field.
type checker struct{ problems []Problem }

func (c *checker) add(field, problem string) {
	if !slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Field == field }) {
		c.problems = append(c.problems, Problem{field, problem})
	}
}

// input is a field with its value.
type input struct{ field, value string }

// check finds all problems of the spec.
func (s Spec) check() []Problem {
	c := &checker{}
	if !slices.Contains(Identities, s.Identity) {
		c.add("identity", "must be one of "+strings.Join(Identities, ", "))
	}
	if !s.Account.Valid() {
		c.add("account", "must be 12 digits")
	}
	if !s.Partition.Known() {
		c.add("partition", "must be one of "+iam.PartitionList())
	}
	c.role(s.Role)
	s.checkIdentity(c)
	return c.problems
}

func (s Spec) checkIdentity(c *checker) {
	if s.Identity == Pipeline {
		c.names(input{"org", s.Org}, input{"project", s.Project}, input{"pipeline", s.Pipeline})
		c.guids(input{"org-id", s.OrgID})
		if s.Migrate {
			c.add("migrate", "a pipeline's own identity has no documented counterpart at Entra")
		}
		return
	}
	if s.Identity == ServiceConnection || s.Migrate {
		c.names(input{"org", s.Org}, input{"project", s.Project}, input{"connection", s.Connection})
		c.guids(input{"org-id", s.OrgID})
	}
	if s.Identity == EntraConnection || s.Identity == ServiceConnection && s.Migrate {
		c.guids(input{"tenant-id", s.TenantID}, input{"org-id", s.OrgID}, input{"connection-id", s.ConnectionID})
	}
	if s.Identity == EntraExchange {
		s.checkExchange(c)
	}
}

func (s Spec) checkExchange(c *checker) {
	c.guids(input{"tenant-id", s.TenantID}, input{"object-id", s.ObjectID})
	c.names(input{"audience", s.Audience})
	if problem := claims.AudienceProblem(s.Audience); problem != "" {
		c.add("audience", "the audience "+problem)
	}
	switch s.TokenVersion {
	case "1":
	case "2":
		c.guids(input{"client-id", s.ClientID})
		if !claims.ValidGUID(s.Audience) {
			c.add("audience", "must be the client ID of the audience application, a GUID, because the token is of version 2")
		}
	default:
		c.add("token-version", "must be 1 or 2")
	}
}

func (c *checker) guids(inputs ...input) {
	for _, in := range inputs {
		if in.value == "" {
			c.add(in.field, "required")
		} else if !claims.ValidGUID(in.value) {
			c.add(in.field, "must be a GUID")
		}
	}
}

// names checks the parts of a subject that people choose.
func (c *checker) names(inputs ...input) {
	for _, in := range inputs {
		if problem := nameProblem(in); problem != "" {
			c.add(in.field, problem)
		}
	}
}

// withSlash are the fields whose value may contain a slash.
var withSlash = []string{"pipeline", "connection", "audience"}

func nameProblem(in input) string {
	if in.value == "" {
		return "required"
	}
	if in.value != strings.TrimSpace(in.value) {
		return "must not begin or end with a space"
	}
	if isPattern(in.value) {
		return "must be the exact name; a wildcard would admit identities you do not control"
	}
	if !slices.Contains(withSlash, in.field) && strings.Contains(in.value, "/") {
		return "must not contain a slash"
	}
	return unwritable(in.value)
}

// unwritable says why a policy, or the code that creates it, cannot hold a value
// as it is; empty when it can.
func unwritable(value string) string {
	foreign := func(r rune) bool { return r < 0x20 || r > 0xFF || r >= 0x7F && r < 0xA0 }
	switch {
	case strings.Contains(value, "${"):
		return "IAM would read ${ as the start of a policy variable; rename it in Azure DevOps"
	case strings.Contains(strings.ToLower(value), "{{resolve:"):
		return "CloudFormation would replace {{resolve:…}}; rename it in Azure DevOps"
	case strings.ContainsFunc(value, foreign):
		return "IAM policies allow only the characters U+0020 to U+00FF; rename it in Azure DevOps, or use an Entra identity, whose subject contains no names"
	}
	return ""
}

var rolePattern = pattern.Lazy(`^/?([\w+=,.@-]+/)*[\w+=,.@-]+$`)

func (c *checker) role(role string) {
	path, name := splitRole(role)
	arn := iam.RoleARN{Partition: iam.Commercial, Account: "111122223333", Path: path, Name: name}
	_, problem := iam.ParseRoleARN(arn.String())
	if !rolePattern().MatchString(role) || problem != "" {
		c.add("role", "must be [/path/]name with letters, digits and +=,.@_- in each part; a name has at most 64 characters, a path 512")
	}
}

// splitRole takes [/path/]name apart; the path begins and ends with a slash.
func splitRole(role string) (path, name string) {
	role = "/" + strings.TrimPrefix(role, "/")
	at := strings.LastIndex(role, "/") + 1
	return role[:at], role[at:]
}
