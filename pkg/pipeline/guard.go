package pipeline

import (
	"slices"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// ClaimRule is one line of requiredClaims.
type ClaimRule struct {
	Claim, Pattern string
	// Withheld reports whether messages must not quote the rule, because it has to do with
	// a secret.
	Withheld bool
}

// Told is the rule as a message names it: claim and pattern.
func (r ClaimRule) Told() (claim, pattern string) {
	if r.Withheld {
		return "a claim of requiredClaims (not shown)", notShown
	}
	return r.Claim, strconv.Quote(r.Pattern)
}

// Holds reports whether a claim's value matches the rule's pattern: exactly and by
// case, where * stands for any run of characters, "/" and none included.
func (r ClaimRule) Holds(value string) bool {
	parts := strings.Split(r.Pattern, "*")
	if len(parts) == 1 {
		return value == r.Pattern
	}
	last := len(parts) - 1
	rest, ok := strings.CutPrefix(value, parts[0])
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return ok && strings.HasSuffix(rest, parts[last])
}

// guard checks the inputs of the group "Guard rails", and the accounts of both
// roles against the allowed ones. A list that cannot be read is the one problem then.
func guard(in Inputs, plan Plan, p *problems) Guard {
	before := len(p.lines)
	g := Guard{Accounts: accounts(in.AllowedAccountIDs, p)}
	readable := given(in.AllowedAccountIDs) && len(p.lines) == before
	g.Claims = claimRules(in.RequiredClaims, p)
	if !readable {
		return g
	}
	allow := func(role iam.RoleARN, input, words string) {
		if role.Given() && !slices.Contains(g.Accounts, role.Account) {
			p.add("allowedAccountIds", "the account %s of %s is not in allowedAccountIds", p.plain(input, string(role.Account)), words)
		}
	}
	allow(plan.Role.ARN, "roleArn", "the role")
	if plan.Chain != nil {
		allow(plan.Chain.ARN, "chainRoleArn", "the second role")
	}
	return g
}

func accounts(s string, p *problems) []iam.Account {
	var ids []iam.Account
	for _, l := range lines(s) {
		for id := range strings.SplitSeq(l.text, ",") {
			id = strings.TrimSpace(id)
			switch {
			case id == "" || macro().MatchString(id):
			case !iam.Account(id).Valid():
				p.add("allowedAccountIds", "%s is not an account id of 12 digits", p.shown("allowedAccountIds", id))
			default:
				ids = append(ids, iam.Account(id))
			}
		}
	}
	if given(s) && len(ids) == 0 {
		p.consequence("allowedAccountIds", "no account id is given")
	}
	return ids
}

func claimRules(s string, p *problems) []ClaimRule {
	const input = "requiredClaims"
	var rules []ClaimRule
	first := map[string]int{}
	for _, l := range pairs(input, s, p) {
		if n, twice := first[l.key]; twice {
			p.add(input, "line %d repeats claim %s of line %d", l.number, p.shown(input, l.key), n)
			continue
		}
		first[l.key] = l.number
		rules = append(rules, ClaimRule{l.key, l.value, p.withholds(input, l.key) || p.withholds(input, l.value)})
	}
	if given(s) && len(rules) == 0 {
		p.consequence(input, "no claim is given")
	}
	return rules
}
