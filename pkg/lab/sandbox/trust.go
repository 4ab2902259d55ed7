package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// trustRequest is what a trust policy is asked: an action, by whom, with which
// condition keys.
type trustRequest struct {
	action    string
	principal string // ARN of the OIDC provider
	keys      map[string][]string
}

// evaluate decides a request against a trust policy; what does not parse denies.
func evaluate(doc json.RawMessage, r trustRequest) bool {
	policy, err := trustpolicy.Parse(doc)
	if err != nil {
		return false
	}
	return policy.Evaluate(trustpolicy.Request{Action: r.action, Provider: r.principal, Keys: r.keys}).Allowed
}

// checkPolicies finds roles whose trust policy IAM would not have taken.
func (c Config) checkPolicies() error {
	for _, account := range c.Accounts {
		for _, role := range account.Roles {
			if _, err := trustpolicy.Parse(role.TrustPolicy); err != nil {
				return fmt.Errorf("reading the trust policy of %s: %w", role.ARN, err)
			}
		}
	}
	return nil
}

// standIn is the provider that stands for an AWS principal that matched, because
// the evaluator knows federated principals only.
const standIn = "arn:aws:iam::000000000000:oidc-provider/sandbox.invalid"

// trustsCaller decides a request of an assumed role: the statements whose AWS
// principal names the caller are put to the evaluator.
func trustsCaller(doc json.RawMessage, action string, caller *session, keys map[string][]string) bool {
	var policy map[string]any
	if json.Unmarshal(doc, &policy) != nil {
		return false
	}
	statements, ok := policy["Statement"].([]any)
	if !ok {
		statements = []any{policy["Statement"]}
	}
	var matching []any
	for _, item := range statements {
		if statement, ok := item.(map[string]any); ok && covers(statement, caller) {
			delete(statement, "NotPrincipal")
			statement["Principal"] = map[string]any{"Federated": standIn}
			matching = append(matching, statement)
		}
	}
	if len(matching) == 0 {
		return false
	}
	policy["Statement"] = matching
	return evaluate(encode(policy), trustRequest{action, standIn, keys})
}

// covers tells whether a statement speaks of the caller.
func covers(statement map[string]any, caller *session) bool {
	if others, given := statement["NotPrincipal"]; given {
		return !namesCaller(others, caller)
	}
	return namesCaller(statement["Principal"], caller)
}

// namesCaller tells whether a Principal element covers an assumed role: the role,
// the session itself, its account, or everybody.
func namesCaller(principal any, caller *session) bool {
	if principal == "*" {
		return true
	}
	element, _ := principal.(map[string]any)
	partition := strings.Split(caller.role, ":")[1]
	accepted := []string{"*", caller.role, caller.arn, caller.account, "arn:" + partition + ":iam::" + caller.account + ":root"}
	for _, name := range claimSet(element).list("AWS") {
		if slices.Contains(accepted, name) {
			return true
		}
	}
	return false
}
