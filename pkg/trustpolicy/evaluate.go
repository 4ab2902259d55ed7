package trustpolicy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Action is the call that an OIDC identity makes.
const Action = "sts:AssumeRoleWithWebIdentity"

// Request is what AWS evaluates a policy for.
type Request struct {
	Action string
	// Provider is the ARN of the token's identity provider.
	Provider string
	// Keys are the condition keys and their values; a key that is absent is not in
	// the request. Names are compared without regard to case.
	Keys map[string][]string
	// TokenOnly says that Keys holds what a token says and nothing of the call, so
	// that other keys of AWS are unknown rather than absent.
	TokenOnly bool
}

// RequestFor is the request of an identity as AWS sees it.
func RequestFor(p iam.Partition, account iam.Account, v claims.AWSView) Request {
	arn := iam.ProviderARN(p, account, v.Provider)
	r := Request{Action: Action, Provider: arn, TokenOnly: true, Keys: map[string][]string{
		v.Provider + ":aud":     {v.Audience},
		v.Provider + ":sub":     {v.Subject},
		"aws:FederatedProvider": {arn},
		"aws:SecureTransport":   {"true"}, // STS has no other
	}}
	if v.OriginalAudience != "" {
		r.Keys[v.Provider+":oaud"] = []string{v.OriginalAudience}
	}
	if len(v.AMR) > 0 {
		r.Keys[v.Provider+":amr"] = v.AMR
	}
	if v.Email != "" {
		r.Keys[v.Provider+":email"] = []string{v.Email}
	}
	return r
}

// unknown reports whether AWS fills a key from something that is not in a token, such as
// the caller's address or the time.
func (r Request) unknown(key string) bool {
	return r.TokenOnly && len(r.value(key)) == 0 && global(key)
}

// Decision is a policy's answer to a request.
type Decision struct {
	// Allowed reports whether a statement allows the request and none denies it.
	Allowed    bool              `json:"allowed"`
	Statements []StatementResult `json:"statements"`
}

// StatementResult says whether one statement speaks of the request, and why.
type StatementResult struct {
	Number  int      `json:"number"`
	Sid     string   `json:"sid,omitempty"`
	Effect  string   `json:"effect"`
	Applies bool     `json:"applies"`
	Reasons []Reason `json:"reasons"`
}

// Reason is one test of a statement and its outcome.
type Reason struct {
	Holds bool   `json:"holds"`
	Text  string `json:"text"`
	// Name is the operator and the key of a condition, for who shows the values apart.
	Name string `json:"name,omitempty"`
	// Want and Got are the values of a condition and of the request, where the test
	// compares such.
	Want []string `json:"want,omitempty"`
	Got  []string `json:"got,omitempty"`
}

// Evaluate decides a request: a statement applies when its principal, its action
// and all its conditions fit; a Deny that applies outweighs every Allow, and
// without an Allow the answer is no (IAM policy evaluation logic).
func (p *Policy) Evaluate(r Request) Decision {
	var d Decision
	denied := false
	for i, s := range p.Statements {
		result := s.evaluate(r)
		result.Number = i + 1
		d.Statements = append(d.Statements, result)
		if result.Applies && s.Deny {
			denied = true
		} else if result.Applies {
			d.Allowed = true
		}
	}
	d.Allowed = d.Allowed && !denied
	return d
}

func (s Statement) evaluate(r Request) StatementResult {
	result := StatementResult{Sid: s.Sid, Effect: "Allow", Applies: true}
	if s.Deny {
		result.Effect = "Deny"
	}
	result.Reasons = append(result.Reasons, s.Principals.reason(r.Provider, s.Deny), s.actionReason(r))
	for _, c := range s.Conditions {
		result.Reasons = append(result.Reasons, c.reason(r, s.Deny))
	}
	for _, reason := range result.Reasons {
		result.Applies = result.Applies && reason.Holds
	}
	return result
}

func (s Statement) actionReason(r Request) Reason {
	covers := func(pattern string) bool { return like(strings.ToLower(pattern), strings.ToLower(r.Action)) }
	covered := slices.ContainsFunc(s.Actions, covers)
	name := "action"
	if s.Except {
		name = "NotAction"
	}
	verb := "covers"
	if !covered {
		verb = "does not cover"
	}
	return Reason{Holds: covered != s.Except, Text: fmt.Sprintf("%s %s %s %s", name, strings.Join(s.Actions, ", "), verb, r.Action)}
}

// value finds a condition key without regard to case.
func (r Request) value(key string) []string {
	for _, name := range slices.Sorted(maps.Keys(r.Keys)) {
		if strings.EqualFold(name, key) {
			return r.Keys[name]
		}
	}
	return nil
}
