// Package secret owns the one string type that cannot be printed by accident.
//
// It must not know what its values are for. A Value keeps its string behind a
// closure: fmt, slog and encoding packages reach through unexported fields, but
// none of them can call a function, so no verb, no nesting and no reflection
// prints what is inside.
package secret

import (
	"fmt"
	"io"
)

// Redacted stands wherever a Value is printed or encoded.
const Redacted = "***"

// Value holds a credential, token or password. The zero Value is empty. Values
// cannot be compared with ==, on purpose: a comparison needs Reveal and so shows
// up in review.
type Value struct{ reveal func() string }

// New wraps s.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{reveal: func() string { return s }}
}

// Reveal returns the plain string. Only code that sends it to the service it is
// for, or registers it with the agent's masker, may call it.
func (v Value) Reveal() string {
	if v.reveal == nil {
		return ""
	}
	return v.reveal()
}

// Empty tells whether the Value holds nothing.
func (v Value) Empty() bool { return v.Reveal() == "" }

// Format prints Redacted for every verb and flag.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalText encodes Redacted; log/slog's text handler uses it.
func (v Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON encodes Redacted as a JSON string.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }
