package setuppage

import (
	"fmt"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// Form is the form of the page's first tab: what a trust policy needs, and what only the
// pipeline's YAML needs.
type Form struct {
	trustpolicy.Spec
	// Region is an AWS region; empty leaves it out of the YAML.
	Region string `json:"region"`
	// Task is the task's name, DefaultTask when empty.
	Task string `json:"task"`
}

// DefaultTask is the name of the task in the extension as it is published.
const DefaultTask = "AssumeAwsRole"

// Role is what the form makes: code for AWS, and steps for the pipeline. Only Problems
// is set when the form is not complete.
type Role struct {
	// Problems are about fields; of several about one field, the first says most.
	Problems []trustpolicy.Problem `json:"problems,omitempty"`
	// Formats is the code by format (trustpolicy.Formats).
	Formats map[string]string `json:"formats,omitempty"`
	// Providers are what an account needs for the JSON form, which creates none.
	Providers []trustpolicy.Provider `json:"providers,omitempty"`
	// Notes are sentences about the policy.
	Notes []string `json:"notes,omitempty"`
	// Steps are for the pipeline.
	Steps *Steps `json:"steps,omitempty"`
}

// SetUp makes the role that the form describes.
func SetUp(f Form) Role {
	g, problems := trustpolicy.Generate(f.Spec)
	if problems = append(f.check(), problems...); len(problems) > 0 {
		return Role{Problems: problems}
	}
	r := Role{Formats: map[string]string{}, Providers: g.Providers, Notes: notes(g), Steps: f.steps(g.Role.String())}
	for _, format := range trustpolicy.Formats {
		r.Formats[format] = g.Format(format)
	}
	return r
}

// check finds what only the page asks for.
func (f Form) check() []trustpolicy.Problem {
	var found []trustpolicy.Problem
	if problem := f.regionProblem(); problem != "" {
		found = append(found, trustpolicy.Problem{Field: "region", Text: problem})
	}
	if c, address := ParseConnection(f.Connection); address && !strings.EqualFold(c.Org, f.Org) {
		found = append(found, trustpolicy.Problem{Field: "connection", Text: "this connection belongs to the organisation " + c.Org})
	}
	if f.Connection == "" && f.onEntra() {
		found = append(found, trustpolicy.Problem{Field: "connection", Text: "required"})
	}
	return found
}

func (f Form) regionProblem() string {
	switch {
	case f.Region == "":
		return ""
	case !iam.ValidRegion(f.Region):
		return "must be the name of a region, such as eu-west-1"
	case iam.PartitionOf(f.Region) != f.Partition:
		return "belongs to the partition " + string(iam.PartitionOf(f.Region))
	}
	return ""
}

// onEntra reports whether a connection of Azure gives the token.
func (f Form) onEntra() bool {
	return f.Identity == trustpolicy.EntraConnection || f.Identity == trustpolicy.EntraExchange
}

func notes(g trustpolicy.Generated) []string {
	said := []string{fmt.Sprintf("The trust policy has %d of the %d characters that IAM allows by default.", g.Length, trustpolicy.MaxLength)}
	if g.Length > trustpolicy.MaxLength {
		said[0] += " It is too long: raise the quota “Role trust policy length”, or use two roles."
	}
	if g.Predicted {
		said = append(said, "What AWS sees of an Entra token of a connection is predicted from AWS’s documentation, not observed: try it with checkOnly before you rely on it.")
	}
	for _, p := range g.Providers {
		if claims.OfVSToken(p.URL) {
			said = append(said, "Microsoft has announced the retirement of the Azure DevOps issuer on 2027-07-01 for connections that can be converted, and has not said what happens to other identities.")
		}
	}
	return said
}
