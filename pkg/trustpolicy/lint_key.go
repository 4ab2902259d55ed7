package trustpolicy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// oidcKeys are the keys that AWS derives from a token of Azure DevOps and Entra.
var oidcKeys = []string{"aud", "oaud", "sub", "amr", "email"}

// presence says whether the request of a provider's token has a condition key.
type presence int

const (
	sometimes presence = iota
	always
	never
)

// presenceOf says whether a request with a token of the provider has the key. AWS
// derives keys of its own from the tokens of some other issuers.
func presenceOf(key, provider string, issuer claims.Issuer) presence {
	if global(key) {
		return sometimes
	}
	prefix, name := splitKey(key)
	if !strings.EqualFold(prefix, provider) {
		return never
	}
	if name == "aud" || name == "sub" {
		return always
	}
	if slices.Contains(oidcKeys, name) || issuer == claims.OtherIssuer {
		return sometimes
	}
	return never
}

// global reports whether AWS fills the key itself and not from a token.
func global(key string) bool {
	low := strings.ToLower(key)
	return strings.HasPrefix(low, "aws:") || strings.HasPrefix(low, "sts:")
}

// splitKey takes a condition key apart: the provider and the name in lower case.
func splitKey(key string) (provider, name string) {
	at := max(strings.LastIndex(key, ":"), 0)
	return key[:at], strings.ToLower(strings.TrimPrefix(key[at:], ":"))
}

// lintKeys looks for conditions on keys that a provider's tokens never have, and
// reports whether one of them keeps the statement from ever applying to such a token.
// One mistake in a prefix is one finding, however many keys have it.
func (s Statement) lintKeys(l *linter, provider string, issuer claims.Issuer) (neverApplies bool) {
	keys := map[string][]string{}
	for _, c := range s.Conditions {
		switch presenceOf(c.Key, provider, issuer) {
		case always:
			if c.requiresAbsence() {
				l.add(Error, "the statement never applies: every token has the key %s", c.Key)
				neverApplies = true
			}
		case never:
			if c.holdsWithoutKey() {
				l.add(Error, "%s on %s restricts nothing: AWS does not fill this key from a token of this provider", c.Operator, c.Key)
				continue
			}
			prefix, _ := splitKey(c.Key)
			keys[prefix] = append(keys[prefix], c.Key)
			neverApplies = true
		case sometimes:
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(keys)) {
		l.add(Error, "the statement never applies to a token of %s: %s", provider, whyNever(prefix, provider, strings.Join(keys[prefix], ", ")))
	}
	return neverApplies
}

func whyNever(prefix, provider, keys string) string {
	switch {
	case strings.EqualFold(prefix, provider):
		return "AWS fills only " + strings.Join(oidcKeys, ", ") + " from it, not " + keys
	case strings.EqualFold(prefix, scheme+provider):
		return keys + " must begin with the provider, without " + scheme
	case strings.EqualFold(strings.Trim(prefix, "/"), strings.Trim(provider, "/")):
		return keys + " differs from the provider by a slash"
	}
	return keys + " belongs to another provider"
}

// requiresAbsence reports whether the condition requires its key to be absent.
func (c Condition) requiresAbsence() bool {
	return parseOperator(c.Operator).isNull() && c.isBoolean() && c.Values[0] == "true"
}

// holdsWithoutKey reports whether the condition may hold when the request does not
// have its key.
func (c Condition) holdsWithoutKey() bool {
	o := parseOperator(c.Operator)
	compare, known := o.comparison()
	return c.requiresAbsence() || known && o.holds(compare, c.Values, nil)
}

// lintPin looks for a condition that fixes a key of the provider to the values it
// lists, and reports whether there is one. If there is none, it says what each
// condition on the key lets through.
func (s Statement) lintPin(l *linter, provider, name, consequence string) (pinned bool) {
	key := provider + ":" + name
	weak := slices.DeleteFunc(slices.Clone(s.Conditions), func(c Condition) bool { return !strings.EqualFold(c.Key, key) })
	if slices.ContainsFunc(weak, Condition.pins) {
		return true
	}
	if len(weak) == 0 {
		l.add(Error, "no condition on %s: %s", key, consequence)
	}
	for _, c := range weak {
		c.lintWeakness(l, name)
	}
	return false
}

// pins reports whether the condition holds for the values it lists and for no others.
// Set operators are pins when the key must be present; a pattern is, when it has no
// wildcard.
func (c Condition) pins() bool {
	o := parseOperator(c.Operator)
	if o.all || o.ifExists || c.hasVariable() {
		return false
	}
	return o.base == "stringequals" || o.base == "stringlike" && !slices.ContainsFunc(c.Values, isPattern)
}

func isPattern(value string) bool { return strings.ContainsAny(value, "*?") }

// lintWeakness says what a condition that is not a pin lets through.
func (c Condition) lintWeakness(l *linter, name string) {
	o := parseOperator(c.Operator)
	if _, known := o.comparison(); c.hasVariable() || !known && !o.isNull() {
		return // said about the form
	}
	if o.all || o.ifExists {
		l.add(Error, "%s on %s also holds when the key is absent", c.Operator, c.Key)
		return
	}
	switch o.base {
	case "stringlike":
		for _, v := range slices.DeleteFunc(slices.Clone(c.Values), func(v string) bool { return !isPattern(v) }) {
			l.add(Error, "%s", whatMatches(name, v))
		}
	case "stringequalsignorecase":
		l.add(Error, "%s on %s ignores case, and names that differ only by case can be different identities", c.Operator, c.Key)
	default:
		l.add(Error, "%s on %s does not name one value; use StringEquals", c.Operator, c.Key)
	}
}

// whatMatches says what a pattern on a key lets through.
func whatMatches(name, value string) string {
	if name != "sub" {
		return fmt.Sprintf("the audience pattern %q matches audiences you do not control; use StringEquals with one client ID", value)
	}
	for _, p := range subjectPatterns {
		if p.form().MatchString(value) {
			return fmt.Sprintf("the subject pattern %q %s", value, p.matches)
		}
	}
	wildcard := "*"
	if !strings.Contains(value, wildcard) {
		wildcard = "?"
	}
	return fmt.Sprintf("the subject pattern %q matches identities you do not control: %s also matches \"/\"", value, wildcard)
}

// subjectPatterns are the patterns of which more can be said: those that leave only the
// last name open.
var subjectPatterns = []struct {
	form    func() *regexp.Regexp
	matches string
}{
	{pattern.Lazy(`^sc://[^/*?]+/[^/*?]+/`), "also matches connections that anybody adds to the project"},
	{pattern.Lazy(`^p://[^/*?]+/[^/*?]+/`), "also matches pipelines that anybody adds to the project"},
	{pattern.Lazy(`^/eid1/[^*?]+/sc/[^/*?]+/[*?]`), "matches every service connection of the organisation"},
}

// noteOthers names the subjects that the statement admits beside the checked one.
func (s Statement) noteOthers(l *linter, provider string) {
	if !l.admitted {
		return
	}
	for _, c := range s.Conditions {
		if !strings.EqualFold(c.Key, provider+":sub") || !c.pins() {
			continue
		}
		for _, subject := range c.Values {
			if provider != l.checked.Provider || subject != l.checked.Subject {
				l.add(Info, "the statement names another identity, too: %q", subject)
			}
		}
	}
}
