package trustpolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// Level says how grave a finding is.
type Level string

// The levels. An Error admits strangers or can never work.
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
}

// Lint looks for what makes a trust policy wider or weaker than it seems. It does
// not need a token.
func (p *Policy) Lint() []Finding {
	found := []Finding{} // an empty list in JSON, too
	if n := p.Length(); n > MaxLength {
		found = append(found, Finding{Warning, 0, fmt.Sprintf("%d characters without white space; IAM's default quota is %d", n, MaxLength)})
	}
	if strings.ContainsFunc(string(p.compact), func(r rune) bool { return r > 0xFF }) {
		found = append(found, Finding{Error, 0, "it holds characters beyond U+00FF, which IAM refuses"})
	}
	if !slices.Contains([]string{"", "2008-10-17", "2012-10-17"}, p.Version) {
		found = append(found, Finding{Error, 0, fmt.Sprintf("the Version %q is not one of the policy language: 2012-10-17", p.Version)})
	}
	sids := map[string]bool{"": true}
	for i, s := range p.Statements {
		l := &linter{statement: i + 1}
		if s.Sid != "" && sids[s.Sid] {
			l.add(Error, "the Sid %q stands twice", s.Sid)
		}
		sids[s.Sid] = true
		s.lintForm(l)
		s.lint(l)
		found = append(found, l.found...)
	}
	return found
}

// lintForm looks for what IAM refuses in any statement of a trust policy
// (IAM JSON policy elements: Sid; IAM API, UpdateAssumeRolePolicy).
func (s Statement) lintForm(l *linter) {
	if strings.ContainsFunc(s.Sid, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') }) {
		l.add(Error, "the Sid %q holds other characters than letters and digits", s.Sid)
	}
	for _, action := range s.Actions {
		if service, _, named := strings.Cut(action, ":"); named && !strings.EqualFold(service, "sts") {
			l.add(Error, "the action %s is not of STS; a trust policy holds no others", action)
		}
	}
}

type linter struct {
	statement int
	found     []Finding
}

func (l *linter) add(level Level, format string, args ...any) {
	l.found = append(l.found, Finding{level, l.statement, fmt.Sprintf(format, args...)})
}

// providerARN takes the ARN of an OIDC provider apart.
var providerARN = pattern.Lazy(`^arn:(aws[a-z-]*):iam::([0-9]{12}):oidc-provider/(.+)$`)

func (s Statement) lint(l *linter) {
	if s.Deny || !s.concernsOIDC() {
		return
	}
	if s.Principals.Everybody {
		l.add(Error, "the principal is everybody; name the identity provider")
	}
	if s.Principals.Except {
		l.add(Error, "NotPrincipal with Allow is not supported in a trust policy")
	}
	for _, arn := range s.Principals.Federated {
		s.lintProvider(l, arn)
	}
	for _, c := range s.Conditions {
		c.lint(l)
	}
}

// concernsOIDC tells whether the statement can admit an OIDC identity at all.
func (s Statement) concernsOIDC() bool {
	return s.actionReason(Request{Action: Action}).Holds && (s.Principals.Everybody || len(s.Principals.Federated) > 0)
}

func (s Statement) lintProvider(l *linter, arn string) {
	m := providerARN().FindStringSubmatch(arn)
	if m == nil {
		l.add(Error, "%s is not the ARN of an OIDC provider", arn)
		return
	}
	provider := m[3]
	s.lintKey(l, provider, "aud")
	s.lintKey(l, provider, "sub")
	for _, c := range s.Conditions {
		c.lintPrefix(l, provider)
	}
	if strings.HasPrefix(provider, "vstoken.dev.azure.com") {
		if !vstokenProvider().MatchString(provider) {
			l.add(Error, "the issuer of an organisation is vstoken.dev.azure.com/<organisation GUID>, in lower case and without a trailing slash")
		}
		l.add(Info, "Microsoft has announced the retirement of this issuer on 2027-07-01 for connections that can be converted, and not said what happens to other identities")
	}
	if strings.HasPrefix(provider, "sts.windows.net/") && !strings.HasSuffix(provider, "/") {
		l.add(Error, "the issuer of version 1 tokens ends in a slash, which belongs to the provider's URL and to the condition keys")
	}
}

var vstokenProvider = pattern.Lazy(`^vstoken\.dev\.azure\.com/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// lintKey wants a key of the provider to be pinned by equality.
func (s Statement) lintKey(l *linter, provider, name string) {
	key := provider + ":" + name
	if slices.ContainsFunc(s.Conditions, func(c Condition) bool { return strings.EqualFold(c.Key, key) && c.pins() }) {
		return
	}
	who := "every identity of this issuer"
	if name == "aud" {
		who = "a token of any audience that the provider lists"
	}
	l.add(Error, "no condition on %s: %s is admitted", key, who)
}

// pins tells whether the condition wants some value of its key, and not any.
func (c Condition) pins() bool {
	o := parseOperator(c.Operator)
	comparison := comparisons[o.base]
	open := strings.HasSuffix(o.base, "like") && slices.ContainsFunc(c.Values, func(v string) bool { return strings.Trim(v, "*?") == "" })
	return !comparison.negated && o.base != "null" && !open
}

// oidcKeys are the keys that AWS derives from a token of a private provider.
var oidcKeys = []string{"aud", "oaud", "sub", "amr", "email"}

// lintPrefix checks that a key of some token belongs to this provider, and is one
// that AWS fills.
func (c Condition) lintPrefix(l *linter, provider string) {
	at := strings.LastIndex(c.Key, ":")
	if at < 0 {
		l.add(Error, "%s is not a condition key", c.Key)
		return
	}
	prefix, name := c.Key[:at], strings.ToLower(c.Key[at+1:])
	switch {
	case strings.EqualFold(prefix, "sts") || strings.EqualFold(prefix, "aws") || strings.HasPrefix(strings.ToLower(c.Key), "aws:"):
	case strings.EqualFold(strings.Trim(prefix, "/"), strings.Trim(provider, "/")) && !strings.EqualFold(prefix, provider):
		l.add(Error, "%s: the key differs from the provider %s by a slash", c.Key, provider)
	case !strings.EqualFold(prefix, provider):
		l.add(Error, "%s: the key is not of the provider %s and can never be met", c.Key, provider)
	case !slices.Contains(oidcKeys, name):
		l.add(Error, "%s: AWS fills only %s from a token of this provider; no condition on another claim can be met", c.Key, strings.Join(oidcKeys, ", "))
	}
}

func (c Condition) lint(l *linter) {
	o := parseOperator(c.Operator)
	if o.base != "null" {
		if _, known := comparisons[o.base]; !known {
			l.add(Warning, "%s is not evaluated by this command", c.Operator)
		}
	}
	if o.all {
		l.add(Error, "%s on %s holds when the key is absent", c.Operator, c.Key)
	}
	if o.ifExists {
		l.add(Error, "%s on %s holds when the key is absent", c.Operator, c.Key)
	}
	if strings.HasSuffix(o.base, "ignorecase") {
		l.add(Warning, "%s on %s: names that differ by case only are different identities", c.Operator, c.Key)
	}
	if strings.HasSuffix(o.base, "like") {
		for _, v := range c.Values {
			c.lintWildcard(l, v)
		}
	}
	if strings.HasPrefix(o.base, "stringequals") {
		for _, v := range c.Values {
			if strings.ContainsAny(v, "*?") {
				l.add(Warning, "%s compares %q literally; a wildcard needs StringLike", c.Operator, v)
			}
		}
	}
}

// lintWildcard judges a pattern on a subject by what it lets vary, and wants none on
// an audience.
func (c Condition) lintWildcard(l *linter, pattern string) {
	at, key := strings.IndexAny(pattern, "*?"), strings.ToLower(c.Key)
	if at >= 0 && (strings.HasSuffix(key, ":aud") || strings.HasSuffix(key, ":oaud")) {
		l.add(Error, "the audience %q is a pattern; an audience is one client id, compared by StringEquals", pattern)
	}
	if at < 0 || !strings.HasSuffix(key, ":sub") {
		return
	}
	before := pattern[:at]
	switch {
	case connectionGUIDOnly().MatchString(pattern):
		l.add(Warning, "the subject %q admits every service connection of the organisation", pattern)
	case strings.HasPrefix(before, "sc://") && strings.Count(before, "/") >= 4:
		l.add(Error, "the subject %q admits every connection that somebody adds to the project", pattern)
	case strings.HasPrefix(before, "p://") && strings.Count(before, "/") >= 4:
		l.add(Error, "the subject %q admits every pipeline that somebody adds to the project", pattern)
	default:
		l.add(Error, "the subject %q admits strangers: * also stands for slashes", pattern)
	}
}

// connectionGUIDOnly matches an Entra subject in which only the connection varies.
var connectionGUIDOnly = pattern.Lazy(`^/eid1/c/[^/*?]+/t/[^/*?]+/a/[^/*?]+/sc/[0-9a-f-]{36}/\*$`)

// AccountFor is the account whose provider the policy names for an issuer, and
// its partition, so that an identity can be held against it.
func (p *Policy) AccountFor(provider string) (account, partition string) {
	account, partition = "000000000000", "aws"
	for _, s := range p.Statements {
		for _, arn := range s.Principals.Federated {
			if m := providerARN().FindStringSubmatch(arn); m != nil && (m[3] == provider || account == "000000000000") {
				account, partition = m[2], m[1]
			}
		}
	}
	return account, partition
}
