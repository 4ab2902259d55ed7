package cli

import "encoding/json"

// chainStatement is the statement of a second role's trust policy.
type chainStatement struct {
	Effect    string
	Principal map[string]string
	Action    []string
	Condition map[string]map[string]string `json:",omitempty"`
}

// explainChain says who asked for the second role, and what would allow exactly
// that. The external id may be confidential, so its input is named in its place.
func (t account) explainChain() []string {
	chain := t.step.Chain
	s := chainStatement{Effect: "Allow", Principal: map[string]string{"AWS": t.step.Role.ARN.Full}, Action: []string{"sts:AssumeRole"}}
	if len(chain.Tags) > 0 {
		s.Action = append(s.Action, "sts:TagSession")
	}
	if chain.SourceIdentity != "" {
		s.Action = append(s.Action, "sts:SetSourceIdentity")
	}
	if !chain.ExternalID.Empty() {
		s.Condition = map[string]map[string]string{"StringEquals": {"sts:ExternalId": "(the value of chainExternalId)"}}
	}
	document, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil
	}
	return []string{
		"", t.readable("What was presented to AWS: the session " + t.result.First.AssumedRoleARN), "",
		"The trust statement of " + t.readable(chain.ARN.Full) + " that allows exactly this:",
		t.readableJSON(string(document)), "",
		"Likeliest differences, in order:",
		t.readable("  - The Principal: it names another role than " + t.step.Role.ARN.Full + ", or a role that was deleted and created again."),
		"  - The first role's own policies do not allow sts:AssumeRole on the second role.",
		"  - The Action lacks sts:TagSession or sts:SetSourceIdentity, or the Condition asks for another external id.",
		"  - The second role does not exist, or a service control policy denies the call; AWS answers these alike.",
	}
}
