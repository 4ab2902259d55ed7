package trustpolicy_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// caller is who asks for a role in the eyes of the oracle.
type caller struct {
	// kind is Federated, AWS or Service; name is what a principal must name.
	kind, name string
	action     string
	// keys are the condition keys of the request, their names in lower case.
	keys map[string]string
}

// oracle is a second evaluator, written from AWS's documentation alone, on the decoded
// JSON. Where the documentation leaves a choice, a generous oracle admits: it answers
// "could AWS let this caller in?". A strict one refuses what it does not know.
type oracle struct{ generous bool }

// decodeAny decodes a document without looking at it.
func decodeAny(document []byte) map[string]any {
	var policy map[string]any
	_ = json.Unmarshal(document, &policy)
	return policy
}

// admits decides a decoded policy for a caller.
func (o oracle) admits(policy map[string]any, c caller) bool {
	variables := policy["Version"] == "2012-10-17"
	allowed := false
	for _, s := range asList(policy["Statement"]) {
		statement, _ := s.(map[string]any)
		if statement == nil {
			continue
		}
		deny := statement["Effect"] == "Deny"
		if deny && o.generous || !o.principal(statement, c) || !o.action(statement, c) || !o.conditions(statement, c, deny, variables) {
			continue
		}
		if deny {
			return false
		}
		allowed = true
	}
	return allowed
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

func (o oracle) principal(s map[string]any, c caller) bool {
	if others, ok := s["NotPrincipal"]; ok {
		return !o.names(others, c)
	}
	return o.names(s["Principal"], c)
}

func (o oracle) names(principal any, c caller) bool {
	if principal == "*" {
		return true
	}
	typed, _ := principal.(map[string]any)
	for kind, names := range typed {
		for _, name := range asList(names) {
			text := fmt.Sprint(name)
			if text == "*" || kind == c.kind && (text == c.name || o.generous && fits(text, c.name)) {
				return true
			}
		}
	}
	return false
}

// fits matches a pattern by trying every length for a star.
func fits(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	if pattern[0] == '*' {
		return fits(pattern[1:], s) || s != "" && fits(pattern, s[1:])
	}
	return s != "" && (pattern[0] == '?' || pattern[0] == s[0]) && fits(pattern[1:], s[1:])
}

func (o oracle) action(s map[string]any, c caller) bool {
	matches := func(patterns any) bool {
		return slices.ContainsFunc(asList(patterns), func(p any) bool {
			return fits(strings.ToLower(strings.TrimSpace(fmt.Sprint(p))), strings.ToLower(c.action))
		})
	}
	if others, ok := s["NotAction"]; ok {
		return !matches(others)
	}
	return matches(s["Action"])
}

func (o oracle) conditions(s map[string]any, c caller, deny, variables bool) bool {
	blocks, _ := s["Condition"].(map[string]any)
	for operator, block := range blocks {
		keys, _ := block.(map[string]any)
		for key, values := range keys {
			if !o.condition(strings.ToLower(operator), strings.ToLower(key), asList(values), c, deny, variables) {
				return false
			}
		}
	}
	return true
}

// condition decides one operator on one key. No key of these requests has two values.
func (o oracle) condition(operator, key string, values []any, c caller, deny, variables bool) bool {
	got, present := c.keys[key]
	if strings.HasPrefix(key, "aws:") || strings.HasPrefix(key, "sts:") {
		if !present { // the caller's to choose, or not in a token
			return o.generous || deny
		}
	}
	all, anyValue := strings.HasPrefix(operator, "forallvalues:"), strings.HasPrefix(operator, "foranyvalue:")
	operator = strings.TrimPrefix(strings.TrimPrefix(operator, "forallvalues:"), "foranyvalue:")
	if operator == "null" {
		return o.null(values, present, deny)
	}
	operator, ifExists := strings.CutSuffix(operator, "ifexists")
	negated := strings.Contains(operator, "not")
	if !present {
		return all || ifExists || negated && !anyValue
	}
	matched := slices.ContainsFunc(values, func(v any) bool {
		m, known := o.matches(strings.Replace(operator, "not", "", 1), fmt.Sprint(v), got, c, variables)
		if !known {
			return o.generous != negated
		}
		return m
	})
	return matched != negated
}

func (o oracle) null(values []any, present, deny bool) bool {
	if !o.generous && len(values) != 1 {
		return deny
	}
	return slices.ContainsFunc(values, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(!present) })
}

var variable = regexp.MustCompile(`\$\{([^},]*)(?:,\s*'([^']*)')?\}`)

// matches compares one value; known is false for an operator on which this oracle has
// nothing to say.
func (o oracle) matches(operator, want, got string, c caller, variables bool) (matched, known bool) {
	if variables && strings.Contains(want, "${") {
		want = variable.ReplaceAllStringFunc(want, func(v string) string {
			m := variable.FindStringSubmatch(v)
			if value, ok := c.keys[strings.ToLower(strings.TrimSpace(m[1]))]; ok {
				return value
			}
			return m[2]
		})
	}
	switch operator {
	case "stringequals":
		return want == got, true
	case "stringequalsignorecase":
		return strings.EqualFold(want, got), true
	case "stringlike":
		return fits(want, got), true
	case "arnequals", "arnlike":
		return fits(want, got), o.generous || strings.Count(want, ":") >= 5 && strings.Count(got, ":") >= 5
	}
	return false, false
}
