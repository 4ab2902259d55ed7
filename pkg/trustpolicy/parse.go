// Package trustpolicy owns IAM role trust policies for OIDC identities: it writes
// them, reads them, finds what is risky in them, and decides whether one admits an
// identity. It is pure: no files, no network, no clock.
package trustpolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// MaxLength is IAM's default quota for a trust policy, in characters without
// white space (IAM quotas; it can be raised to 4096).
const MaxLength = 2048

// Policy is a parsed trust policy.
type Policy struct {
	// Version is that of the policy language; empty when the document names none.
	Version    string
	Statements []Statement
	// compact is the document without white space.
	compact []byte
}

// Length is the number of characters that IAM counts against its quota.
func (p *Policy) Length() int { return len([]rune(string(p.compact))) }

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

// Principals are who a statement speaks of.
type Principals struct {
	// Everybody is the principal "*".
	Everybody bool
	// Federated are the ARNs of identity providers.
	Federated []string
	// Others names the types of other principals, which never are an OIDC identity.
	Others []string
	// Except turns the element into NotPrincipal.
	Except bool
}

// Condition compares one key of the request with values.
type Condition struct {
	Operator string
	Key      string
	Values   []string
}

// ErrPolicy is returned for a text that is no policy document; the error says why.
var ErrPolicy = errors.New("not an IAM policy document")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrPolicy, fmt.Sprintf(format, args...))
}

// Parse reads a trust policy as IAM does: one JSON object, no name twice, no
// element that IAM does not know (IAM JSON policy elements reference).
func Parse(document []byte) (*Policy, error) {
	document = bytes.TrimPrefix(document, []byte("\xef\xbb\xbf"))
	if err := unique(json.NewDecoder(bytes.NewReader(document)), 0); err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	var top map[string]json.RawMessage
	if json.Compact(&compact, document) != nil || json.Unmarshal(document, &top) != nil {
		return nil, invalid("it is not one JSON object")
	}
	if name := foreign(top, "Version", "Id", "Statement"); name != "" {
		return nil, invalid("%q is not an element of a policy", name)
	}
	var raw []map[string]json.RawMessage
	if json.Unmarshal(top["Statement"], &raw) != nil {
		var one map[string]json.RawMessage
		if json.Unmarshal(top["Statement"], &one) != nil {
			return nil, invalid("it has no Statement")
		}
		raw = []map[string]json.RawMessage{one}
	}
	p := &Policy{compact: compact.Bytes()}
	if version, there := top["Version"]; there && json.Unmarshal(version, &p.Version) != nil {
		return nil, invalid("its Version is not a text")
	}
	for i, r := range raw {
		s, err := statement(r)
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		p.Statements = append(p.Statements, s)
	}
	if len(p.Statements) == 0 {
		return nil, invalid("it has no Statement")
	}
	return p, nil
}

// maxDepth bounds the nesting of a document; a policy needs six levels.
const maxDepth = 32

// unique refuses a name that stands twice in one object: readers differ about
// which of them counts.
func unique(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil || depth > maxDepth {
		return invalid("it is not JSON")
	}
	if delim, ok := token.(json.Delim); ok {
		if err := uniqueInside(d, delim, depth); err != nil {
			return err
		}
	}
	if depth > 0 {
		return nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("something follows the JSON object")
	}
	return nil
}

func uniqueInside(d *json.Decoder, open json.Delim, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			token, err := d.Token()
			name, ok := token.(string)
			if err != nil || !ok {
				return invalid("it is not JSON")
			}
			if seen[name] {
				return invalid("the name %q stands twice in one object", name)
			}
			seen[name] = true
		}
		if err := unique(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return invalid("it is not JSON")
	}
	return nil
}

// foreign is the first name, in order, that is not among the known ones.
func foreign(object map[string]json.RawMessage, known ...string) string {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(known, name) {
			return name
		}
	}
	return ""
}

func statement(r map[string]json.RawMessage) (Statement, error) {
	if name := foreign(r, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"); name != "" {
		return Statement{}, invalid("%q is not an element of a trust policy's statement", name)
	}
	var s Statement
	var effect string
	if sid, there := r["Sid"]; there && json.Unmarshal(sid, &s.Sid) != nil {
		return s, invalid("its Sid is not a text")
	}
	if json.Unmarshal(r["Effect"], &effect) != nil || effect != "Allow" && effect != "Deny" {
		return s, invalid("its Effect is neither Allow nor Deny")
	}
	s.Deny = effect == "Deny"
	var err error
	if s.Actions, s.Except, err = either(r, "Action", "NotAction"); err != nil {
		return s, err
	}
	if s.Principals, err = principals(r); err != nil {
		return s, err
	}
	s.Conditions, err = conditions(r["Condition"])
	return s, err
}

// either reads an element that comes in a plain and a negated form.
func either(r map[string]json.RawMessage, plain, negated string) (values []string, except bool, err error) {
	raw, has := r[plain]
	not, hasNot := r[negated]
	if has == hasNot {
		return nil, false, invalid("it has not exactly one of %s and %s", plain, negated)
	}
	if hasNot {
		raw = not
	}
	values, ok := stringList(raw)
	if !ok {
		return nil, false, invalid("its %s is neither a text nor a list of texts", plain)
	}
	return values, hasNot, nil
}

// stringList reads a text or a list of texts.
func stringList(raw json.RawMessage) ([]string, bool) {
	var one string
	if json.Unmarshal(raw, &one) == nil && len(raw) > 0 && raw[0] == '"' {
		return []string{one}, true
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil && len(many) > 0 {
		return many, true
	}
	return nil, false
}

func principals(r map[string]json.RawMessage) (Principals, error) {
	raw, has := r["Principal"]
	not, hasNot := r["NotPrincipal"]
	if has == hasNot {
		return Principals{}, invalid("it has not exactly one of Principal and NotPrincipal")
	}
	if hasNot {
		raw = not
	}
	p := Principals{Except: hasNot}
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil {
		p.Everybody = everybody == "*"
		if !p.Everybody {
			return p, invalid("its Principal is a text other than \"*\"")
		}
		return p, nil
	}
	var typed map[string]json.RawMessage
	if json.Unmarshal(raw, &typed) != nil || len(typed) == 0 {
		return p, invalid("its Principal is neither \"*\" nor an object")
	}
	return p, p.read(typed)
}

func (p *Principals) read(typed map[string]json.RawMessage) error {
	if name := foreign(typed, "AWS", "Federated", "Service", "CanonicalUser"); name != "" {
		return invalid("%q is not a type of principal", name)
	}
	for _, kind := range slices.Sorted(maps.Keys(typed)) {
		values, ok := stringList(typed[kind])
		if !ok {
			return invalid("the principal %s is neither a text nor a list of texts", kind)
		}
		switch {
		case kind == "Federated":
			p.Federated = values
		case kind == "AWS" && slices.Contains(values, "*"):
			p.Everybody = true
		default:
			p.Others = append(p.Others, kind)
		}
	}
	return nil
}

func conditions(raw json.RawMessage) ([]Condition, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var blocks map[string]map[string]json.RawMessage
	if json.Unmarshal(raw, &blocks) != nil {
		return nil, invalid("its Condition is not an object of objects")
	}
	var out []Condition
	for _, operator := range slices.Sorted(maps.Keys(blocks)) {
		for _, key := range slices.Sorted(maps.Keys(blocks[operator])) {
			values, ok := scalars(blocks[operator][key])
			if !ok {
				return nil, invalid("the values of %s are neither a text nor a list of texts", key)
			}
			out = append(out, Condition{operator, key, values})
		}
	}
	return out, nil
}

// scalars reads condition values; IAM takes numbers and booleans for texts.
func scalars(raw json.RawMessage) ([]string, bool) {
	if values, ok := stringList(raw); ok {
		return values, true
	}
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
		case bool, json.Number, string:
			out = append(out, fmt.Sprint(e))
		default:
			return nil, false
		}
	}
	return out, len(out) > 0
}
