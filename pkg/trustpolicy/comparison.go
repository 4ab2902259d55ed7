package trustpolicy

import (
	"cmp"
	"encoding/base64"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// comparison is how one value of the request is compared with one of the policy.
// Negated operators hold when no value of the policy matches.
type comparison struct {
	matches func(policy, request string) bool
	// form reports whether a value is of the operator's type; nil accepts any string.
	form    func(string) bool
	negated bool
}

// accepts reports whether all values are of the operator's type.
func (c comparison) accepts(values []string) bool {
	return c.form == nil || !slices.ContainsFunc(values, func(v string) bool { return !c.form(v) })
}

// comparisons are those of IAM, by the operator's name in lower case.
var comparisons = map[string]comparison{
	"stringequals":              {matches: equal},
	"stringnotequals":           {matches: equal, negated: true},
	"stringequalsignorecase":    {matches: strings.EqualFold},
	"stringnotequalsignorecase": {matches: strings.EqualFold, negated: true},
	"stringlike":                {matches: like},
	"stringnotlike":             {matches: like, negated: true},
	"arnequals":                 {matches: arnLike, form: isARN},
	"arnlike":                   {matches: arnLike, form: isARN},
	"arnnotequals":              {matches: arnLike, form: isARN, negated: true},
	"arnnotlike":                {matches: arnLike, form: isARN, negated: true},
	"bool":                      {matches: strings.EqualFold, form: isBool},
	"binaryequals":              {matches: binary},
	"ipaddress":                 {matches: inRange, form: isRange},
	"notipaddress":              {matches: inRange, form: isRange, negated: true},
	"numericequals":             {matches: numeric(func(c int) bool { return c == 0 }), form: isNumber},
	"numericnotequals":          {matches: numeric(func(c int) bool { return c == 0 }), form: isNumber, negated: true},
	"numericlessthan":           {matches: numeric(func(c int) bool { return c < 0 }), form: isNumber},
	"numericlessthanequals":     {matches: numeric(func(c int) bool { return c <= 0 }), form: isNumber},
	"numericgreaterthan":        {matches: numeric(func(c int) bool { return c > 0 }), form: isNumber},
	"numericgreaterthanequals":  {matches: numeric(func(c int) bool { return c >= 0 }), form: isNumber},
	"dateequals":                {matches: date(func(c int) bool { return c == 0 }), form: isDate},
	"datenotequals":             {matches: date(func(c int) bool { return c == 0 }), form: isDate, negated: true},
	"datelessthan":              {matches: date(func(c int) bool { return c < 0 }), form: isDate},
	"datelessthanequals":        {matches: date(func(c int) bool { return c <= 0 }), form: isDate},
	"dategreaterthan":           {matches: date(func(c int) bool { return c > 0 }), form: isDate},
	"dategreaterthanequals":     {matches: date(func(c int) bool { return c >= 0 }), form: isDate},
}

func equal(policy, request string) bool { return policy == request }

// like matches * for any run of characters and ? for one.
func like(pattern, s string) bool {
	expr := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	compiled, err := regexp.Compile(`(?s)^` + expr + `$`)
	return err == nil && compiled.MatchString(s)
}

// arnParts is the number of parts of an ARN, the last of which may hold colons.
const arnParts = 6

func isARN(s string) bool { return strings.Count(s, ":") >= arnParts-1 }

// arnLike compares the parts of two ARNs one by one, each with wildcards.
func arnLike(pattern, s string) bool {
	p, t := strings.SplitN(pattern, ":", arnParts), strings.SplitN(s, ":", arnParts)
	for i := range p {
		if !like(p[i], t[i]) {
			return false
		}
	}
	return true
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// binary compares bytes with their base64 form in the policy.
func binary(policy, request string) bool {
	b, err := base64.StdEncoding.DecodeString(policy)
	return err == nil && string(b) == request
}

// addresses reads a range of addresses, or a single one.
func addresses(s string) (netip.Prefix, error) {
	if single, err := netip.ParseAddr(s); err == nil {
		return single.Prefix(single.BitLen())
	}
	return netip.ParsePrefix(s)
}

func isRange(s string) bool {
	_, err := addresses(s)
	return err == nil
}

// inRange reports whether the request's address is in the policy's range.
func inRange(policy, request string) bool {
	p, err := addresses(policy)
	r, err2 := addresses(request)
	return err == nil && err2 == nil && p.Contains(r.Addr())
}

var number = pattern.Lazy(`^[+-]?[0-9]+(\.[0-9]+)?$`)

func isNumber(s string) bool { return number().MatchString(s) }

// numeric compares the request's number with the policy's.
func numeric(holds func(int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, err := strconv.ParseFloat(policy, 64)
		r, err2 := strconv.ParseFloat(request, 64)
		return err == nil && err2 == nil && holds(cmp.Compare(r, p))
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

func isDate(s string) bool {
	_, ok := parseDate(s)
	return ok
}

// date compares the request's time with the policy's.
func date(holds func(int) bool) func(policy, request string) bool {
	return func(policy, request string) bool {
		p, ok := parseDate(policy)
		r, ok2 := parseDate(request)
		return ok && ok2 && holds(r.Compare(p))
	}
}
