// Package claims owns what a token of Azure DevOps or Microsoft Entra says, read
// without verifying its signature, and what AWS sees of it. It sends no request and
// must not know where a token comes from or what it is used for.
package claims

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrClaims is returned for claims that AWS STS would not accept as a token's.
var ErrClaims = errors.New("the token lacks claims that AWS STS requires")

// UnverifiedClaims are what a token says of itself. Its signature has not been
// checked, so they serve for comparison and explanation, never as a proof.
type UnverifiedClaims struct {
	Issuer  string
	Subject string
	// Audience has one entry for a string and all for a list.
	Audience []string
	// AuthorizedParty is the claim azp; empty when absent.
	AuthorizedParty string
	// IssuedAt, NotBefore and Expires are zero when absent.
	IssuedAt, NotBefore, Expires time.Time
	// KeyID and Algorithm are of the token's header.
	KeyID, Algorithm string
	// Raw are all claims, with numbers as json.Number. The last of a repeated name
	// counts, as it does for AWS STS.
	Raw map[string]any
}

// FromMap reads claims that were decoded elsewhere, for example from a file.
// Claims of the wrong type count as absent.
func FromMap(raw map[string]any) UnverifiedClaims {
	return UnverifiedClaims{
		Issuer: text(raw, "iss"), Subject: text(raw, "sub"), AuthorizedParty: text(raw, "azp"), Audience: texts(raw["aud"]),
		IssuedAt: instant(raw["iat"]), NotBefore: instant(raw["nbf"]), Expires: instant(raw["exp"]),
		Raw: raw,
	}
}

// Complete returns ErrClaims, with the names of what is missing, unless there are an
// issuer, a subject and an audience.
func (c UnverifiedClaims) Complete() error {
	var missing []string
	for _, claim := range []struct {
		name   string
		absent bool
	}{{"iss", c.Issuer == ""}, {"sub", c.Subject == ""}, {"aud", len(c.Audience) == 0 || slices.Contains(c.Audience, "")}} {
		if claim.absent {
			missing = append(missing, claim.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: %s", ErrClaims, strings.Join(missing, ", "))
	}
	return nil
}

func text(raw map[string]any, name string) string {
	s, _ := raw[name].(string)
	return s
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// instant reads a NumericDate (RFC 7519 §2), also as a string of digits, which AWS STS
// accepts too. What is neither, and what no clock reaches, is the zero time.
func instant(v any) time.Time {
	var seconds float64
	var err error
	switch v := v.(type) {
	case json.Number:
		seconds, err = v.Float64()
	case float64:
		seconds = v
	case string:
		seconds, err = strconv.ParseFloat(v, 64)
	default:
		return time.Time{}
	}
	const limit = 1e11 // after the year 5000
	if err != nil || !(math.Abs(seconds) <= limit) {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// AWSView is what AWS derives from a token for its condition keys
// (IAM User Guide, "Available keys for AWS OIDC federation").
type AWSView struct {
	// Provider is the issuer without https://, the prefix of the condition keys and
	// the end of the provider's ARN. A trailing slash stays.
	Provider string
	// Audience is the key :aud and the client ID that must be registered: azp when
	// the token has one, else its audience.
	Audience string
	// OriginalAudience is the key :oaud: the audience of a token that has an azp.
	OriginalAudience string
	// Subject is the key :sub.
	Subject string
	// AMR is the key :amr, which can have several values.
	AMR []string
	// Email is the key :email.
	Email string
	// Refusal says why AWS always rejects such a token, whatever the policy says; empty
	// when there is no such reason.
	Refusal string
}

// googleIssuer is the issuer of Google's tokens, which AWS knows without https:// (IAM User
// Guide, "Available keys for AWS OIDC federation").
const googleIssuer = "accounts.google.com"

// AWS returns what AWS sees.
func (c UnverifiedClaims) AWS() AWSView {
	provider, https := strings.CutPrefix(c.Issuer, "https://")
	v := AWSView{Provider: provider, Subject: c.Subject, AMR: texts(c.Raw["amr"]), Email: text(c.Raw, "email")}
	if len(c.Audience) > 0 {
		v.Audience = c.Audience[0]
	}
	if c.AuthorizedParty != "" {
		v.Audience, v.OriginalAudience = c.AuthorizedParty, v.Audience
	} else if len(c.Audience) > 1 {
		v.Refusal = "AWS always rejects this token: it has several audiences and no azp to choose one"
	}
	if !https && c.Issuer != googleIssuer {
		v.Refusal = "AWS rejects this token: its issuer is not an https URL"
	}
	return v
}
