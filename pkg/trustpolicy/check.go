package trustpolicy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Verdict is what Check says about a policy and an identity.
type Verdict struct {
	// Line is the verdict in one line: ADMITTED …, NOT ADMITTED … or FAILED ….
	Line string `json:"verdict"`
	// Passes reports whether the policy admits the identity and no error was found.
	Passes bool `json:"passes"`
	// Allowed reports whether AWS would admit the identity.
	Allowed bool `json:"allowed"`
	// Identity is the kind of the token, in words.
	Identity string   `json:"identity"`
	Decision Decision `json:"decision"`
	// Findings are sorted: errors, warnings, information; then by statement.
	Findings []Finding `json:"findings"`
}

// unknownAccount stands for the role's account in texts when nothing tells it. It is as
// long as an account's ID, so that patterns match it.
const unknownAccount iam.Account = "<account-id>"

// Check evaluates a policy for the identity that a token's claims describe, and looks
// for risks in the policy.
func Check(p *Policy, c claims.UnverifiedClaims) Verdict {
	view := c.AWS()
	partition, account := p.Home(view.Provider)
	v := Verdict{
		Identity: c.Flavour().String(),
		Decision: p.Evaluate(RequestFor(cmp.Or(partition, iam.Commercial), cmp.Or(account, unknownAccount), view)),
	}
	v.Findings = p.lint(view, account, v.Decision.Allowed)
	errors := v.count(Error) // of the policy
	if view.Refusal != "" {
		v.Decision.Allowed = false
		v.Findings = append(v.Findings, Finding{Level: Error, Text: view.Refusal, OfToken: true})
	}
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Level.rank(), b.Level.rank()), cmp.Compare(a.Statement, b.Statement))
	})
	v.Allowed = v.Decision.Allowed
	v.Passes = v.Allowed && errors == 0
	v.Line = v.line(errors)
	return v
}

func (v Verdict) count(level Level) int {
	n := 0
	for _, f := range v.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

func (v Verdict) line(errors int) string {
	if v.Passes {
		return "ADMITTED: " + v.Identity
	}
	if v.Allowed {
		return "FAILED: the policy has " + plural(errors, "error") + "; this identity is admitted: " + v.Identity
	}
	if errors > 0 {
		return "NOT ADMITTED: " + v.Identity + "; the policy also has " + plural(errors, "error")
	}
	return "NOT ADMITTED: " + v.Identity
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
