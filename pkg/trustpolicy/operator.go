package trustpolicy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
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

// comparison is how one value of the request is held against one of the policy.
// negated operators hold when no value of the policy matches.
type comparison struct {
	matches func(policy, request string) bool
	negated bool
}

// comparisonOf finds the comparison of an operator; ok is false for one that is not
// evaluated here.
func comparisonOf(base string) (c comparison, ok bool) {
	plain := strings.Replace(base, "not", "", 1)
	c.negated = plain != base
	switch plain {
	case "stringequals":
		c.matches = equal
	case "stringequalsignorecase":
		c.matches = strings.EqualFold
	case "stringlike":
		c.matches = like
	case "arnequals", "arnlike":
		c.matches = arnLike
	case "numericequals", "dateequals":
		c.matches = ordered(plain)
	case "bool":
		return comparison{matches: strings.EqualFold}, !c.negated
	default:
		c.matches = ordered(plain)
		return c, c.matches != nil && !c.negated
	}
	return c, true
}

// ordered is a comparison of numbers or dates, or nil.
func ordered(base string) func(policy, request string) bool {
	order, compare := strings.TrimPrefix(base, "numeric"), numbers
	if order == base {
		order, compare = strings.TrimPrefix(base, "date"), dates
	}
	least, most := -1, 1 // of the request's value against the policy's
	switch order {
	case "equals":
		least, most = 0, 0
	case "lessthan":
		most = -1
	case "lessthanequals":
		most = 0
	case "greaterthan":
		least = 1
	case "greaterthanequals":
		least = 0
	default:
		return nil
	}
	return func(policy, request string) bool {
		c, ok := compare(policy, request)
		return ok && c >= least && c <= most
	}
}

// equal is exact; a policy value with a policy variable is resolved by AWS and
// unknown here, so it equals nothing.
func equal(policy, request string) bool { return policy == request }

// like matches * for any run of characters and ? for one.
func like(pattern, s string) bool {
	p, t := []rune(pattern), []rune(s)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}

// arnLike compares the six parts of an ARN one by one, each with wildcards.
func arnLike(pattern, s string) bool {
	const parts = 6
	p, t := strings.SplitN(pattern, ":", parts), strings.SplitN(s, ":", parts)
	if len(p) != parts || len(t) != parts {
		return false
	}
	for i := range p {
		if !like(p[i], t[i]) {
			return false
		}
	}
	return true
}

// numbers compares two numbers.
func numbers(policy, request string) (int, bool) {
	p, err := strconv.ParseFloat(policy, 64)
	r, err2 := strconv.ParseFloat(request, 64)
	return cmp.Compare(r, p), err == nil && err2 == nil
}

// dates compares two points in time.
func dates(policy, request string) (int, bool) {
	p, err := time.Parse(time.RFC3339, policy)
	r, err2 := time.Parse(time.RFC3339, request)
	return r.Compare(p), err == nil && err2 == nil
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
