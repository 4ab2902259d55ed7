package sandbox

import (
	"encoding/json"
	"strings"
)

// trustRequest is what a trust policy is asked: an action, by whom, with which
// condition keys.
type trustRequest struct {
	action    string
	principal string // ARN of the OIDC provider
	keys      map[string][]string
}

// evaluate decides a request against a trust policy; what does not parse denies.
var evaluate = func(doc json.RawMessage, r trustRequest) bool { return interimEvaluate(doc, r) }

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
		if statement, ok := item.(map[string]any); ok && namesCaller(statement["Principal"], caller) {
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
		for _, ok := range accepted {
			if name == ok {
				return true
			}
		}
	}
	return false
}

// interimEvaluate knows Allow statements with StringEquals only.
func interimEvaluate(doc json.RawMessage, r trustRequest) bool {
	var policy struct {
		Statement []struct {
			Action    any
			Principal map[string]any
			Condition map[string]map[string]any
		}
	}
	if json.Unmarshal(doc, &policy) != nil {
		return false
	}
	for _, st := range policy.Statement {
		ok := containsFold(claimSet{"a": st.Action}.list("a"), r.action) && containsFold(claimSet(st.Principal).list("Federated"), r.principal)
		for key, want := range st.Condition["StringEquals"] {
			got := r.keys[key]
			values := claimSet{"v": want}.list("v")
			ok = ok && len(got) == 1 && len(values) > 0 && contains(values, got[0])
		}
		if ok {
			return true
		}
	}
	return false
}

func contains(list []string, value string) bool {
	for _, v := range list {
		if v == value {
			return true
		}
	}
	return false
}
