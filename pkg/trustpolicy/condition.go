package trustpolicy

import (
	"slices"
	"strconv"
	"strings"
)

// reason evaluates the condition. What cannot be evaluated is treated as not met in
// an Allow and as met in a Deny, so that it never admits.
func (c Condition) reason(r Request, deny bool) Reason {
	holds, note := c.evaluate(r, deny)
	got := r.value(c.Key)
	if note == "" && len(got) == 0 {
		note = "; the request has no such key"
	}
	name := c.Operator + " " + c.Key
	text := name + ": expected " + alternatives(c.Values)
	if len(got) > 0 {
		text += ", got " + alternatives(got)
	}
	return Reason{Holds: holds, Text: text + note, Name: name, Want: c.Values, Got: got}
}

// treated says what a condition that is not evaluated counts as.
const (
	notMet = " is treated as not met"
	met    = " is treated as met"
)

// evaluate says whether the condition holds, and why it was not evaluated, if so.
func (c Condition) evaluate(r Request, deny bool) (holds bool, note string) {
	treated := notMet
	if deny {
		treated = met
	}
	o, got := parseOperator(c.Operator), r.value(c.Key)
	compare, known := o.comparison()
	switch {
	case r.unknown(c.Key) && c.isAnySessionName(o):
		return true, "; every call has a session name"
	case r.unknown(c.Key):
		return deny, "; the token does not hold this key, so the condition" + treated
	case o.isNull():
		return c.null(len(got) > 0, deny)
	case !known:
		return deny, "; there is no such operator, so the condition" + treated
	case c.hasVariable():
		return deny, "; a policy variable is not resolved here and" + treated
	case !compare.accepts(c.Values) || !compare.accepts(got):
		return deny, "; a value is not of the operator's type, so the condition" + treated
	}
	return o.holds(compare, c.Values, got), ""
}

// isAnySessionName recognises a condition that every call meets.
func (c Condition) isAnySessionName(o operator) bool {
	return o.base == "stringlike" && strings.EqualFold(c.Key, "sts:RoleSessionName") && slices.Contains(c.Values, "*")
}

// null evaluates the operator Null: true asks for the key's absence, false for its
// presence. Anything but one of them has no documented meaning.
func (c Condition) null(present, deny bool) (holds bool, note string) {
	if !c.isBoolean() {
		return deny, "; Null must have one value, true or false"
	}
	return (c.Values[0] == "false") == present, ""
}

// isBoolean reports whether the condition has one value, true or false.
func (c Condition) isBoolean() bool {
	return len(c.Values) == 1 && (c.Values[0] == "true" || c.Values[0] == "false")
}

// hasVariable reports whether a value holds a policy variable, also one with a
// default or an escaped character. Without a Version, or with 2008-10-17, IAM compares
// ${ literally; here it never matches, so that it makes no difference which applies.
func (c Condition) hasVariable() bool {
	return slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(v, "${") })
}

// alternatives quotes values, so that each character can be told from those that look
// like it.
func alternatives(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.Quote(v)
		if strings.ContainsFunc(v, refusedByIAM) {
			out[i] = strconv.QuoteToASCII(v)
		}
	}
	return strings.Join(out, " or ")
}
