package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ErrNotClaims is returned for a text that is not one JSON object.
var ErrNotClaims = errors.New("the claims are not one JSON object")

// Parse reads claims from a JSON object: the claims themselves, or the report of
// "token inspect --format json" that holds them. The last of a repeated name counts,
// as it does for AWS STS. Issuer, subject and an audience are required.
func Parse(document []byte) (UnverifiedClaims, error) {
	var raw map[string]any
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if d.Decode(&raw) != nil || raw == nil {
		return UnverifiedClaims{}, ErrNotClaims
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return UnverifiedClaims{}, ErrNotClaims
	}
	if inspected, ok := raw["unverifiedClaims"].(map[string]any); ok {
		raw = inspected
	}
	c := FromMap(raw)
	return c, c.Complete()
}
