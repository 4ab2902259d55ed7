// Package trustpolicy owns IAM role trust policies for OIDC identities: it writes
// them, reads them, finds what is risky in them, and decides whether one admits an
// identity. It is pure: no files, no network, no clock.
//
// The rules of its messages: a problem with a policy names the element as it is
// written there, says what is wrong in one clause, and never mentions a second problem
// that only follows from it.
package trustpolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// MaxLength is IAM's default quota for a trust policy, in characters without
// white space (IAM quotas; it can be raised to 4096).
const MaxLength = 2048

// maxDocument bounds a document, in bytes: the largest quota with much white space.
const maxDocument = 1 << 16

// Policy is a parsed trust policy.
type Policy struct {
	// Version is that of the policy language.
	Version    string
	Statements []Statement
	// Role is the role whose policy this is; the zero value unless Read found it.
	Role iam.RoleARN
	// versioned reports whether the document has a Version.
	versioned bool
	// length is the number of characters that IAM counts.
	length int
	// foreign reports whether a string holds characters that IAM does not accept.
	foreign bool
}

// Length is the number of characters that IAM counts against its quota.
func (p *Policy) Length() int { return p.length }

// Statement is one statement of a policy.
type Statement struct {
	Sid        string
	Deny       bool
	Principals Principals
	// Actions are patterns; Except turns them into a NotAction element.
	Actions []string
	Except  bool
	// Conditions must all hold.
	Conditions []Condition
}

// Condition compares one key of the request with values.
type Condition struct {
	Operator string
	Key      string
	Values   []string
}

// ErrPolicy is returned for a text that is not a policy document; the error says why.
var ErrPolicy = errors.New("not an IAM policy document")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrPolicy, fmt.Sprintf(format, args...))
}

// Parse reads a trust policy as IAM does: one JSON object without duplicate keys,
// nulls and elements that IAM does not know (IAM JSON policy elements reference).
func Parse(text []byte) (*Policy, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(text) > maxDocument {
		return nil, invalid("it is longer than 64 KiB; IAM allows at most 4096 characters without white space")
	}
	foreign, err := scan(text, false)
	if err != nil {
		return nil, err
	}
	var top map[string]json.RawMessage
	if json.Unmarshal(text, &top) != nil {
		return nil, invalid("it is not a JSON object")
	}
	if name := unknown(top, "Version", "Id", "Statement"); name != "" {
		return nil, invalid("%q is not an element of a policy", name)
	}
	version, there := top["Version"]
	p := &Policy{foreign: foreign, length: compactLength(text), versioned: there}
	if there && json.Unmarshal(version, &p.Version) != nil {
		return nil, invalid("Version must be a string")
	}
	p.Statements, err = statements(top["Statement"])
	return p, err
}

// compactLength is the length of a JSON text in characters, white space between its
// tokens not counted.
func compactLength(text []byte) int {
	var compact bytes.Buffer
	_ = json.Compact(&compact, text) // scan has read the whole text
	return utf8.RuneCount(compact.Bytes())
}

// statements reads a statement or a list of them.
func statements(raw json.RawMessage) ([]Statement, error) {
	var list []map[string]json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		var one map[string]json.RawMessage
		if json.Unmarshal(raw, &one) != nil {
			return nil, invalid("Statement must be an object or a list of objects")
		}
		list = append(list, one)
	}
	if len(list) == 0 {
		return nil, invalid("it has no Statement")
	}
	out := make([]Statement, len(list))
	for i, object := range list {
		var err error
		if out[i], err = statement(object); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return out, nil
}

func statement(object map[string]json.RawMessage) (Statement, error) {
	if name := unknown(object, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"); name != "" {
		return Statement{}, invalid("%q is not an element of a statement in a trust policy", name)
	}
	var s Statement
	var effect string
	if sid, there := object["Sid"]; there && json.Unmarshal(sid, &s.Sid) != nil {
		return s, invalid("Sid must be a string")
	}
	if json.Unmarshal(object["Effect"], &effect) != nil || effect != "Allow" && effect != "Deny" {
		return s, invalid("Effect must be Allow or Deny")
	}
	s.Deny = effect == "Deny"
	raw, except, err := either(object, "Action", "NotAction")
	if err != nil {
		return s, err
	}
	if s.Actions, err = stringList("Action", raw); err != nil {
		return s, err
	}
	s.Except = except
	if s.Principals, err = principals(object); err != nil {
		return s, err
	}
	s.Conditions, err = conditions(object["Condition"])
	return s, err
}

// either finds an element that has a plain and a negated form.
func either(object map[string]json.RawMessage, plain, negated string) (raw json.RawMessage, isNegated bool, err error) {
	raw, has := object[plain]
	not, hasNot := object[negated]
	switch {
	case has && hasNot:
		return nil, false, invalid("%s and %s exclude each other", plain, negated)
	case hasNot:
		return not, true, nil
	case has:
		return raw, false, nil
	}
	return nil, false, invalid("%s is required", plain)
}

// stringList reads a string or a list of strings.
func stringList(element string, raw json.RawMessage) ([]string, error) {
	values, ok := scalars(raw, func(v any) bool { _, is := v.(string); return is })
	if ok {
		return values, nil
	}
	return nil, notStrings(element, raw)
}

// notStrings says what is there instead of strings. A CloudFormation template
// may have a function there.
func notStrings(element string, raw json.RawMessage) error {
	var function map[string]json.RawMessage
	if json.Unmarshal(raw, &function) == nil {
		for name := range function {
			if name == "Ref" || strings.HasPrefix(name, "Fn::") {
				return invalid("%s is the CloudFormation function %s; replace it with the value it returns", element, name)
			}
		}
	}
	return invalid("%s must be a string or a list of strings", element)
}

func conditions(raw json.RawMessage) ([]Condition, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var blocks map[string]map[string]json.RawMessage
	if json.Unmarshal(raw, &blocks) != nil {
		return nil, invalid("Condition must be an object of objects")
	}
	var out []Condition
	for _, operator := range slices.Sorted(maps.Keys(blocks)) {
		for _, key := range slices.Sorted(maps.Keys(blocks[operator])) {
			values, ok := scalars(blocks[operator][key], func(any) bool { return true })
			if !ok {
				return nil, notStrings(key, blocks[operator][key])
			}
			out = append(out, Condition{operator, key, values})
		}
	}
	return out, nil
}

// scalars reads a value or a list of values; IAM treats numbers and booleans as
// strings.
func scalars(raw json.RawMessage, accept func(any) bool) ([]string, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, e := range list {
		switch e.(type) {
		case map[string]any, []any:
			return nil, false
		}
		if !accept(e) {
			return nil, false
		}
		out = append(out, fmt.Sprint(e))
	}
	return out, len(out) > 0
}

// unknown is the first name of an object, in order, that is not among the known ones.
func unknown(object map[string]json.RawMessage, known ...string) string {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, name) {
			return name
		}
	}
	return ""
}

// maxDepth bounds the nesting of a document; a policy needs six levels, and the
// template around it a few more.
const maxDepth = 32

// scan reads a whole JSON text. It refuses what readers of JSON disagree about:
// duplicate keys, and text after the value; and nulls, which IAM does not know, unless
// they are allowed. It reports whether a string holds characters that IAM does not accept.
func scan(text []byte, nulls bool) (foreign bool, err error) {
	s := scanner{d: json.NewDecoder(bytes.NewReader(text)), nulls: nulls}
	s.d.UseNumber()
	if err := s.value(0); err != nil {
		return false, err
	}
	if _, err := s.d.Token(); !errors.Is(err, io.EOF) {
		return false, invalid("something follows the JSON value")
	}
	return s.foreign, nil
}

type scanner struct {
	d              *json.Decoder
	nulls, foreign bool
}

// token is the next token of the text.
func (s *scanner) token() (json.Token, error) {
	t, err := s.d.Token()
	if err != nil {
		return nil, invalid("it is not JSON")
	}
	if t == nil && !s.nulls {
		return nil, invalid("null is not allowed")
	}
	if text, is := t.(string); is {
		s.foreign = s.foreign || strings.ContainsFunc(text, refusedByIAM)
	}
	return t, nil
}

// refusedByIAM reports whether IAM accepts a character nowhere in a policy (IAM API,
// CreateRole, AssumeRolePolicyDocument).
func refusedByIAM(r rune) bool {
	return r > 0xFF || r < ' ' && r != '\t' && r != '\n' && r != '\r'
}

func (s *scanner) value(depth int) error {
	if depth > maxDepth {
		return invalid("it is nested too deeply")
	}
	t, err := s.token()
	if err != nil {
		return err
	}
	if open, is := t.(json.Delim); is {
		return s.inside(open, depth)
	}
	return nil
}

func (s *scanner) inside(open json.Delim, depth int) error {
	seen := map[json.Token]bool{}
	for s.d.More() {
		if open == '{' {
			key, err := s.token()
			if err != nil {
				return err
			}
			if seen[key] {
				return invalid("duplicate key %q", key)
			}
			seen[key] = true
		}
		if err := s.value(depth + 1); err != nil {
			return err
		}
	}
	_, err := s.token()
	return err
}
