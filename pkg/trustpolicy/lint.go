package trustpolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Level says how grave a finding is.
type Level string

// The levels. An Error admits identities that the policy does not name, or can never
// work.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Info    Level = "info"
)

// rank orders the levels, the gravest first.
func (l Level) rank() int { return slices.Index([]Level{Error, Warning, Info}, l) }

// Finding is something about a policy that its author should know.
type Finding struct {
	Level Level `json:"level"`
	// Statement counts from 1; 0 is the whole policy.
	Statement int    `json:"statement,omitempty"`
	Text      string `json:"text"`
	// OfToken reports whether it is about the token and not about the policy.
	OfToken bool `json:"-"`
}

// linter collects findings about one statement after the other.
type linter struct {
	statement int
	// checked is the identity that the policy is checked for, and admitted whether it is;
	// empty when there is none.
	checked  claims.AWSView
	admitted bool
	// account is where the role is, or may be as long as the role is not known; empty when
	// nothing tells.
	account   iam.Account
	knownRole bool
	// federated reports whether the policy admits users of an identity provider.
	federated bool
	found     []Finding
	seen      map[Finding]bool
}

// add adds a finding, unless the statement has the same one already.
func (l *linter) add(level Level, format string, args ...any) {
	f := Finding{Level: level, Statement: l.statement, Text: fmt.Sprintf(format, args...)}
	if !l.seen[f] {
		l.found = append(l.found, f)
	}
	l.seen[f] = true
}

// Lint looks for what makes a trust policy wider or weaker than it seems. Every Allow
// statement counts, whatever its action. It does not need a token.
func (p *Policy) Lint() []Finding {
	_, account := p.Home("")
	return p.lint(claims.AWSView{}, account, false)
}

// lint also looks at the policy with the eyes of an identity, and names the others beside
// it, if it is admitted. The account is that of Home.
func (p *Policy) lint(checked claims.AWSView, account iam.Account, admitted bool) []Finding {
	l := &linter{checked: checked, admitted: admitted, account: account, knownRole: p.Role.Given(), seen: map[Finding]bool{}, found: []Finding{}} // an empty list in JSON, too
	l.federated = slices.ContainsFunc(p.Statements, func(s Statement) bool { return !s.Deny && len(s.Principals.Federated) > 0 })
	if p.length > MaxLength {
		l.add(Warning, "the policy has %d characters without white space; IAM's default quota is %d", p.length, MaxLength)
	}
	if p.foreign {
		l.add(Error, "IAM does not accept characters beyond U+00FF or control characters")
	}
	if p.versioned && !slices.Contains([]string{"2008-10-17", languageVersion}, p.Version) {
		l.add(Error, "invalid Version %q; use %s", p.Version, languageVersion)
	}
	sids := map[string]bool{}
	for i, s := range p.Statements {
		l.statement = i + 1
		if s.Sid != "" && sids[s.Sid] {
			l.add(Error, "duplicate Sid %q", s.Sid)
		}
		sids[s.Sid] = true
		s.lintForm(l)
		if !s.Deny {
			s.lintPrincipals(l)
		}
	}
	return l.found
}

// lintForm looks for what IAM refuses in any statement, or reads otherwise than its
// author (IAM JSON policy elements: Sid, Condition; IAM API, UpdateAssumeRolePolicy).
func (s Statement) lintForm(l *linter) {
	if strings.ContainsFunc(s.Sid, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') }) {
		l.add(Error, "the Sid %q must consist of letters and digits", s.Sid)
	}
	if s.Deny && s.Principals.Except {
		l.add(Error, "NotPrincipal is not supported in a trust policy")
	}
	for _, action := range s.Actions {
		s.lintAction(l, action)
	}
	seen := map[string]bool{}
	for _, c := range s.Conditions {
		c.lintForm(l)
		name := strings.ToLower(c.Operator + " " + c.Key)
		if seen[name] {
			l.add(Error, "%s on %s occurs twice, in different case", c.Operator, c.Key)
		}
		seen[name] = true
	}
}

// actions are those that AWS documents for a trust policy, in lower case.
var actions = append([]string{"sts:assumerole", strings.ToLower(Action)}, otherActions...)

// lintAction looks at one value of Action or NotAction.
func (s Statement) lintAction(l *linter, action string) {
	service, _, named := strings.Cut(action, ":")
	switch {
	case !named:
	case !strings.EqualFold(service, "sts"):
		l.add(Error, "%s is not an STS action", action)
	case !s.Except && !isPattern(action) && !slices.Contains(actions, strings.ToLower(action)):
		l.add(Warning, "%s is not an action that AWS documents for trust policies; IAM may refuse it", action)
	}
}

// lintForm looks at the condition alone.
func (c Condition) lintForm(l *linter) {
	o := parseOperator(c.Operator)
	if o.isNull() && !c.isBoolean() {
		l.add(Error, "Null on %s must have one value, true or false", c.Key)
	}
	if c.isOfToken() && c.hasVariable() {
		l.add(Error, "%s on %s contains a policy variable, which can stand for the token's own value", c.Operator, c.Key)
	}
	compare, known := o.comparison()
	if !known && !o.isNull() {
		l.add(Error, "there is no condition operator %s", c.Operator)
	}
	if !c.hasVariable() && !compare.accepts(c.Values) {
		l.add(Error, "%s on %s cannot compare %s", c.Operator, c.Key, alternatives(c.Values))
	}
	if strings.HasPrefix(o.base, "stringequals") || strings.HasPrefix(o.base, "stringnotequals") {
		for _, v := range c.Values {
			if strings.ContainsAny(v, "*?") {
				l.add(Warning, "%s compares %q literally; a wildcard needs StringLike", c.Operator, v)
			}
		}
	}
}

// isOfToken reports whether the key holds what identifies a token, whoever issued it.
func (c Condition) isOfToken() bool {
	key := strings.ToLower(c.Key)
	return strings.HasSuffix(key, ":sub") || strings.HasSuffix(key, ":aud") || strings.HasSuffix(key, ":oaud")
}
