package trustpolicy

import (
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

var comparisons = map[string]comparison{
	"stringequals":              {matches: equal},
	"stringnotequals":           {matches: equal, negated: true},
	"stringequalsignorecase":    {matches: strings.EqualFold},
	"stringnotequalsignorecase": {matches: strings.EqualFold, negated: true},
	"stringlike":                {matches: like},
	"stringnotlike":             {matches: like, negated: true},
	"arnequals":                 {matches: arnLike},
	"arnlike":                   {matches: arnLike},
	"arnnotequals":              {matches: arnLike, negated: true},
	"arnnotlike":                {matches: arnLike, negated: true},
	"bool":                      {matches: strings.EqualFold},
	"numericequals":             {matches: numeric(func(c int) bool { return c == 0 })},
	"numericnotequals":          {matches: numeric(func(c int) bool { return c == 0 }), negated: true},
	"numericlessthan":           {matches: numeric(func(c int) bool { return c < 0 })},
	"numericlessthanequals":     {matches: numeric(func(c int) bool { return c <= 0 })},
	"numericgreaterthan":        {matches: numeric(func(c int) bool { return c > 0 })},
	"numericgreaterthanequals":  {matches: numeric(func(c int) bool { return c >= 0 })},
	"dateequals":                {matches: date(func(c int) bool { return c == 0 })},
	"datenotequals":             {matches: date(func(c int) bool { return c == 0 }), negated: true},
	"datelessthan":              {matches: date(func(c int) bool { return c < 0 })},
	"datelessthanequals":        {matches: date(func(c int) bool { return c <= 0 })},
	"dategreaterthan":           {matches: date(func(c int) bool { return c > 0 })},
	"dategreaterthanequals":     {matches: date(func(c int) bool { return c >= 0 })},
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

func numeric(holds func(int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, err := strconv.ParseFloat(policy, 64)
		r, err2 := strconv.ParseFloat(request, 64)
		switch {
		case err != nil || err2 != nil:
			return false
		case r < p:
			return holds(-1)
		case r > p:
			return holds(1)
		}
		return holds(0)
	}
}

func date(holds func(int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, err := time.Parse(time.RFC3339, policy)
		r, err2 := time.Parse(time.RFC3339, request)
		return err == nil && err2 == nil && holds(r.Compare(p))
	}
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
