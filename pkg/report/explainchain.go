package report

import (
	"encoding/json"
	"strings"
)

// chainPolicy is a second role's trust policy.
type chainPolicy struct {
	Version   string
	Statement []chainStatement
}

// chainStatement is its one statement.
type chainStatement struct {
	Effect    string
	Principal map[string]string
	Action    []string
	Condition map[string]map[string]string `json:",omitempty"`
}

// explainChain says who asked for the second role, and what would allow exactly
// that. The external id may be confidential, so its input is named in its place.
func (r Run) explainChain() []string {
	chain := r.Plan.Chain
	s := chainStatement{Effect: "Allow", Principal: map[string]string{"AWS": r.Plan.Role.ARN.String()}, Action: []string{"sts:AssumeRole"}}
	if len(chain.Tags) > 0 {
		s.Action = append(s.Action, "sts:TagSession")
	}
	if chain.SourceIdentity != "" {
		s.Action = append(s.Action, "sts:SetSourceIdentity")
	}
	if !chain.ExternalID.Empty() {
		s.Condition = map[string]map[string]string{"StringEquals": {"sts:ExternalId": "(the value of chainExternalId)"}}
	}
	document, err := json.MarshalIndent(chainPolicy{"2012-10-17", []chainStatement{s}}, "", "  ")
	if err != nil {
		return nil
	}
	lines := []string{
		"", r.readable("What was presented to AWS: the session " + r.Result.First.AssumedRoleARN), "",
		"Trust policy for " + r.readable(chain.ARN.String()) + " that allows exactly this call, ready for IAM's \"Custom trust policy\":",
		r.readableJSON(string(document)), "",
		"Likely causes, most likely first:",
		r.readable("  - The Principal: it names a role other than " + r.Plan.Role.ARN.String() + ", or that role was deleted and recreated."),
		"  - The first role's own policies do not allow sts:AssumeRole on the second role.",
	}
	if len(s.Action) > 1 {
		lines = append(lines, "  - The Action lacks "+strings.Join(s.Action[1:], " or ")+".")
	}
	return append(lines,
		"  - The Condition requires a different external ID, or none was given.",
		"  - The second role does not exist, or a service control policy denies the call; AWS returns the same error in both cases.")
}
