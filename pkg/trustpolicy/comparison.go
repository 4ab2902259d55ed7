package trustpolicy

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// comparison is how one value of the request is compared with one of the policy.
// Negated operators hold when no value of the policy matches.
type comparison struct {
	matches func(policy, request string) bool
	negated bool
}

// comparisons are those of IAM, by the operator's name in lower case.
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
	"binaryequals":              {matches: binary},
	"ipaddress":                 {matches: inRange},
	"notipaddress":              {matches: inRange, negated: true},
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

// binary compares bytes with their base64 form in the policy.
func binary(policy, request string) bool {
	b, err := base64.StdEncoding.DecodeString(policy)
	return err == nil && string(b) == request
}

// inRange compares an address with a range of addresses, or with a single one.
func inRange(policy, request string) bool {
	address, err := netip.ParseAddr(request)
	if err != nil {
		return false
	}
	if single, err := netip.ParseAddr(policy); err == nil {
		return address == single
	}
	addresses, err := netip.ParsePrefix(policy)
	return err == nil && addresses.Contains(address)
}

var number = pattern.Lazy(`^[+-]?[0-9]+(\.[0-9]+)?$`)

func parseNumber(s string) (float64, bool) {
	if !number().MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// numeric compares the request's number with the policy's.
func numeric(holds func(int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, ok := parseNumber(policy)
		r, ok2 := parseNumber(request)
		switch {
		case !ok || !ok2:
			return false
		case r < p:
			return holds(-1)
		case r > p:
			return holds(1)
		}
		return holds(0)
	}
}

// dateForms are those of W3C's profile of ISO 8601.
var dateForms = []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", time.RFC3339}

// parseDate reads a date, or seconds since 1970 with more digits than a year has.
func parseDate(s string) (time.Time, bool) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

// date compares the request's time with the policy's.
func date(holds func(int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, ok := parseDate(policy)
		r, ok2 := parseDate(request)
		return ok && ok2 && holds(r.Compare(p))
	}
}
