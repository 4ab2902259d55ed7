package claims_test

import (
	"errors"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"iss":"i","sub":"s","aud":"a"}`:                                                 "s",
		`{"iss":"i","sub":"t","aud":"a","sub":"s"}`:                                       "s",
		`{"issuer":"i","unverifiedClaims":{"iss":"i","sub":"s","aud":["a"],"iat":1.5e9}}`: "s",
		`{"iss":"i","sub":"s","aud":"a","unverifiedClaims":"x"}`:                          "s",
	} {
		c, err := claims.Parse([]byte(text))
		if err != nil || c.Subject != want {
			t.Errorf("%s: subject %q, %v; want %q", text, c.Subject, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                     "the claims are not one JSON object",
		"null":                                 "the claims are not one JSON object",
		"[]":                                   "the claims are not one JSON object",
		`{"iss":"i","sub":"s","aud":"a"}{}`:    "the claims are not one JSON object",
		`{"iss":"i","sub":"s","aud":"a"}}`:     "the claims are not one JSON object",
		`{"iss":"i","sub":"s","aud":""}`:       "the token lacks claims that AWS STS requires: aud",
		`{"iss":"i","sub":"s","aud":["a",""]}`: "the token lacks claims that AWS STS requires: aud",
		`{}`:                                   "the token lacks claims that AWS STS requires: iss, sub, aud",
		`{"iss":"i","sub":"s","aud":[]}`:       "the token lacks claims that AWS STS requires: aud",
		`{"iss":"i","sub":1,"aud":"a"}`:        "the token lacks claims that AWS STS requires: sub",
		`{"unverifiedClaims":{"iss":"i"}}`:     "the token lacks claims that AWS STS requires: sub, aud",
	} {
		_, err := claims.Parse([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
		if !errors.Is(err, claims.ErrNotClaims) && !errors.Is(err, claims.ErrClaims) {
			t.Errorf("%s: %v has no kind", text, err)
		}
	}
}
