package trustpolicy

import (
	"slices"
	"strings"
)

// operator is a condition operator taken apart
// (IAM JSON policy elements: condition operators; multivalued context keys).
type operator struct {
	base     string // lower case, without set prefix and IfExists
	all, any bool   // ForAllValues, ForAnyValue
	ifExists bool
}

func parseOperator(s string) operator {
	var o operator
	low := strings.ToLower(s)
	if rest, ok := strings.CutPrefix(low, "forallvalues:"); ok {
		low, o.all = rest, true
	} else if rest, ok := strings.CutPrefix(low, "foranyvalue:"); ok {
		low, o.any = rest, true
	}
	o.base, o.ifExists = strings.CutSuffix(low, "ifexists")
	return o
}

// isNull reports whether the operator is Null, which has no other forms.
func (o operator) isNull() bool { return o == operator{base: "null"} }

// comparison returns how the operator compares values; ok is false for Null and for
// what is not an operator of IAM.
func (o operator) comparison() (c comparison, ok bool) {
	c, ok = comparisons[o.base]
	return c, ok
}

// holds evaluates the operator for a key that the request has with the given
// values; none means that it does not have the key.
func (o operator) holds(c comparison, policy, request []string) bool {
	if len(request) == 0 {
		return o.all || o.ifExists || c.negated && !o.any
	}
	fits := func(value string) bool {
		matched := slices.ContainsFunc(policy, func(p string) bool { return c.matches(p, value) })
		return matched != c.negated
	}
	if o.all || c.negated && !o.any {
		return !slices.ContainsFunc(request, func(v string) bool { return !fits(v) })
	}
	return slices.ContainsFunc(request, fits)
}
