// Package token owns the text of a token: the forms in which services and people hand it
// over, and what it says, read without verifying its signature. It is apart from claims
// because reading a token takes a library that brings all of its cryptography along.
package token

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// MaxLength is the longest token that AWS STS accepts, in characters
// (API_AssumeRoleWithWebIdentity, WebIdentityToken).
const MaxLength = 20000

// Errors of Inspect. None quotes the token.
var (
	ErrTooLong   = errors.New("the token is longer than the 20000 characters that AWS STS accepts")
	ErrMalformed = errors.New("the token is not a signed JSON web token")
)

// Inspect reads a token without verifying it. Issuer, subject and an audience are
// required and must be strings; other claims are taken as they are. Its errors are
// those above and claims.ErrClaims.
func Inspect(token secret.Value) (claims.UnverifiedClaims, error) {
	text := token.Reveal()
	if len(text) > MaxLength {
		return claims.UnverifiedClaims{}, ErrTooLong
	}
	if strings.ContainsAny(text, " \t\r\n") { // base64 decoders skip some of them
		return claims.UnverifiedClaims{}, ErrMalformed
	}
	raw := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(text, raw)
	if err != nil && !errors.Is(err, jwt.ErrTokenUnverifiable) || parsed == nil {
		return claims.UnverifiedClaims{}, ErrMalformed
	}
	c := claims.FromMap(raw)
	c.KeyID, _ = parsed.Header["kid"].(string)
	c.Algorithm, _ = parsed.Header["alg"].(string)
	return c, c.Complete()
}

// fields are the names under which the token endpoints of Azure DevOps and Microsoft
// Entra answer with a token.
var fields = []string{"oidcToken", "access_token"}

// In finds the token in what people have at hand: the bare token, also broken
// into lines, "Bearer …", a JSON string, or the answer of a token endpoint. What has
// none of these forms comes back as it is, for Inspect to refuse.
func In(text []byte) secret.Value {
	var quoted string
	var answer map[string]any
	if json.Unmarshal(text, &quoted) == nil {
		text = []byte(quoted)
	} else if json.Unmarshal(text, &answer) == nil {
		for _, field := range fields {
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
