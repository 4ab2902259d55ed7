package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// ErrNotClaims is returned for a text that is not one JSON object.
var ErrNotClaims = errors.New("the claims are not one JSON object")

// tokenFields are the names under which the token endpoints of Azure DevOps and
// Microsoft Entra answer with a token.
var tokenFields = []string{"oidcToken", "access_token"}

// TokenIn finds the token in what people have at hand: the bare token, also broken
// into lines, "Bearer …", a JSON string, or the answer of a token endpoint. What has
// none of these forms comes back as it is, for Inspect to refuse.
func TokenIn(text []byte) secret.Value {
	var quoted string
	var answer map[string]any
	if json.Unmarshal(text, &quoted) == nil {
		text = []byte(quoted)
	} else if json.Unmarshal(text, &answer) == nil {
		for _, field := range tokenFields {
			if token, ok := answer[field].(string); ok {
				text = []byte(token)
			}
		}
	}
	words := strings.Fields(string(text))
	if len(words) > 1 && strings.EqualFold(words[0], "Bearer") {
		words = words[1:]
	}
	return secret.New(strings.Join(words, ""))
}

// Parse reads claims from a JSON object: the claims themselves, or the report of
// "token inspect --format json" that holds them. The last of a repeated name counts,
// as it does for AWS STS. Issuer, subject and an audience are required.
func Parse(document []byte) (UnverifiedClaims, error) {
	var raw map[string]any
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if d.Decode(&raw) != nil || raw == nil || d.More() {
		return UnverifiedClaims{}, ErrNotClaims
	}
	if inspected, ok := raw["unverifiedClaims"].(map[string]any); ok {
		raw = inspected
	}
	c := FromMap(raw)
	return c, c.complete()
}
