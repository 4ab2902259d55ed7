// Package setuppage owns what the set-up page in Project settings knows beside trust
// policies: the link that leads from a denied step to the page, what people paste into
// it, whose identity that is, and the steps that use a role. It is pure, so that the
// page can run it in the browser; the task needs only Link.
package setuppage

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

// Denial is an identity that AWS turned away, as the fragment of a link carries it.
// Nothing in it is secret, and nothing in it is proven: a link can come from anybody.
type Denial struct {
	// Issuer and Subject are the claims iss and sub of the token that AWS saw.
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	// Audience is what AWS compares with :aud; OriginalAudience is :oaud, and empty for
	// a token without azp.
	Audience         string `json:"aud"`
	OriginalAudience string `json:"oaud,omitempty"`
	// Role is the role's ARN. Its account is empty where the task masks account ids.
	Role string `json:"role,omitempty"`
	// Code is the AAR- code of the failure.
	Code string `json:"code,omitempty"`
}

// Denied describes the token that AWS turned away for a role.
func Denied(c claims.UnverifiedClaims, role, code string) Denial {
	v := c.AWS()
	return Denial{Issuer: c.Issuer, Subject: v.Subject, Audience: v.Audience, OriginalAudience: v.OriginalAudience, Role: role, Code: code}
}

// Claims are the claims of a token that AWS sees as this identity.
func (d Denial) Claims() claims.UnverifiedClaims {
	raw := map[string]any{"iss": d.Issuer, "sub": d.Subject, "aud": d.Audience}
	if d.OriginalAudience != "" {
		raw["aud"], raw["azp"] = d.OriginalAudience, d.Audience
	}
	return claims.FromMap(raw)
}

// complete reports whether there is an identity to speak of.
func (d Denial) complete() bool { return d.Issuer != "" && d.Subject != "" && d.Audience != "" }

// fragmentKey names the denial in a fragment.
const fragmentKey = "denial="

// maxFragment bounds what is read of a link, in characters; the longest subject of
// Azure DevOps needs less than half of it.
const maxFragment = 4096

func (d Denial) fragment() string {
	data, err := json.Marshal(d)
	if err != nil {
		return ""
	}
	return fragmentKey + base64.RawURLEncoding.EncodeToString(data)
}

// FromFragment reads the fragment of a link, with or without its #. It returns false
// for anything that Link does not write, and for texts that a reader could not see as
// they are.
func FromFragment(fragment string) (Denial, bool) {
	encoded, found := strings.CutPrefix(strings.TrimPrefix(fragment, "#"), fragmentKey)
	if !found || len(encoded) > maxFragment {
		return Denial{}, false
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if err != nil {
		return Denial{}, false
	}
	var d Denial
	if json.Unmarshal(data, &d) != nil || !d.complete() || !d.legible() {
		return Denial{}, false
	}
	return d, true
}

// legible reports whether every value looks like what it is: no control or format
// characters, such as those that turn the direction of writing.
func (d Denial) legible() bool {
	all := d.Issuer + d.Subject + d.Audience + d.OriginalAudience + d.Role + d.Code
	hidden := func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
	}
	return !strings.ContainsFunc(all, hidden)
}
