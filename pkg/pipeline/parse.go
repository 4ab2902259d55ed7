package pipeline

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// macro matches what the agent leaves of a variable that does not exist.
var macro = pattern.Lazy(`\$\([^()\s][^()]*\)`)

// lists are the inputs that are read line by line.
var lists = []string{"environmentRoles", "sessionPolicyArns", "chainSessionTags", "chainTransitiveTagKeys", "allowedAccountIds", "requiredClaims"}

// line is one line of a list input with its number, counted from 1.
type line struct {
	number int
	text   string
}

// lines splits a list at LF or CRLF, trims each line, and drops empty lines and
// comments, which start with "#".
func lines(s string) []line {
	var out []line
	for i, text := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		text = strings.TrimSpace(text)
		if text != "" && !strings.HasPrefix(text, "#") {
			out = append(out, line{i + 1, text})
		}
	}
	return out
}

// form is how a line of each list of pairs looks, as the help text of its input says it.
var form = map[string]string{
	"environmentRoles": "environment = role ARN", "requiredClaims": "claim = pattern", "chainSessionTags": "key = value",
}

// pair is one line of the form "key = value".
type pair struct {
	number     int
	key, value string
}

// pairs splits each line at its first "=" and reports lines without one, or with
// an empty side.
func pairs(input, s string, p *problems) []pair {
	var out []pair
	for _, l := range lines(s) {
		key, value, found := strings.Cut(l.text, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !found || key == "" || value == "" {
			p.about(l.text, input, "line %d is not of the form \"%s\"", l.number, form[input])
			continue
		}
		out = append(out, pair{l.number, key, value})
	}
	return out
}

// boolean accepts true and false in any case; empty is false.
func boolean(input, s string, p *problems) bool {
	switch strings.ToLower(s) {
	case "true":
		return true
	case "false", "":
		return false
	}
	p.about(s, input, "%s is neither true nor false", p.shown(input, s))
	return false
}

// integer accepts decimal digits within bounds, both included.
func integer(input, s string, fallback, least, most int, p *problems) int {
	if s == "" {
		return fallback
	}
	n, err := strconv.Atoi(s)
	if err != nil || strings.ContainsAny(s, "+-") || n < least || n > most {
		p.about(s, input, "%s is not a whole number from %d to %d", p.shown(input, s), least, most)
		return fallback
	}
	return n
}

// choice accepts one of a pick list's values, exactly.
func choice[T ~string](input string, s, fallback T, p *problems, options []T) T {
	if s == "" || slices.Contains(options, s) {
		return cmp.Or(s, fallback)
	}
	var names []string
	for _, o := range options {
		names = append(names, string(o))
	}
	p.about(string(s), input, "%s is not one of %s", p.shown(input, string(s)), strings.Join(names, ", "))
	return fallback
}
