package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
)

const tokenUsage = `usage: assume-aws-role token inspect [--file FILE] [--format text|json]

Shows every claim of a token and what AWS sees of it. The signature is not checked.
The token is read from standard input or a file, never from an argument. It may be the
bare token, "Bearer ...", or the token endpoint's answer {"oidcToken": "..."}.

  --file FILE      the token; standard input when absent or -
  --format FORMAT  text (default), json

Exit status: 0 ok, 1 fault, 2 usage, 3 the token has expired.
`

// tokenReport is what inspect says.
type tokenReport struct {
	Identity         string         `json:"identity"`
	Issuer           string         `json:"issuer"`
	Subject          string         `json:"subject"`
	Audience         []string       `json:"audience"`
	AuthorizedParty  string         `json:"authorizedParty,omitempty"`
	KeyID            string         `json:"keyId,omitempty"`
	Algorithm        string         `json:"algorithm,omitempty"`
	IssuedAt         string         `json:"issuedAt,omitempty"`
	NotBefore        string         `json:"notBefore,omitempty"`
	Expires          string         `json:"expires,omitempty"`
	Expired          bool           `json:"expired"`
	ProviderURL      string         `json:"providerUrl"`
	ClientID         string         `json:"clientId"`
	AWSAudience      string         `json:"awsAudience"`
	AWSOriginal      string         `json:"awsOriginalAudience,omitempty"`
	AWSSubject       string         `json:"awsSubject"`
	AWSRefusal       string         `json:"awsRefusal,omitempty"`
	UnverifiedClaims map[string]any `json:"unverifiedClaims"`
}

func tokenInspect(ctx context.Context, e Env, args []string) int {
	if len(args) == 0 || args[0] != "inspect" {
		if len(args) > 0 && isHelp(args[0]) {
			fmt.Fprint(e.Stdout, tokenUsage)
			return exitOK
		}
		return misuse(e, "token inspect", "the subcommand inspect is required")
	}
	var file, format string
	c := newCommandLine("token inspect", tokenUsage)
	c.text(&file, "file", "")
	c.text(&format, "format", "text")
	if done, status := c.parse(e, args[1:]); done {
		return status
	}
	if problems := formatProblem(format, "text", "json"); len(problems) > 0 {
		return misuse(e, "token inspect", problems...)
	}
	source := "--file"
	if file == "" {
		source = "standard input"
	}
	claims, err := readToken(ctx, e, source, file)
	if err != nil {
		return broken(e, err)
	}
	now := e.Now()
	r := inspect(claims, now)
	if format == "json" {
		printJSON(e, r)
	} else {
		printToken(e, r, claims, now)
	}
	if r.Expired {
		return exitFailed
	}
	return exitOK
}

func inspect(c claims.UnverifiedClaims, now time.Time) tokenReport {
	v := c.AWS()
	return tokenReport{
		Identity: c.Flavour().String(), Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, AuthorizedParty: c.AuthorizedParty,
		KeyID: c.KeyID, Algorithm: c.Algorithm,
		IssuedAt: instant(c.IssuedAt), NotBefore: instant(c.NotBefore), Expires: instant(c.Expires),
		Expired:     !c.Expires.IsZero() && !now.Before(c.Expires),
		ProviderURL: c.Issuer, ClientID: v.Audience, AWSAudience: v.Audience, AWSOriginal: v.OriginalAudience, AWSSubject: v.Subject, AWSRefusal: v.Refusal,
		UnverifiedClaims: c.Raw,
	}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return report.Stamp(t)
}

func printToken(e Env, r tokenReport, c claims.UnverifiedClaims, now time.Time) {
	var b strings.Builder
	say := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-22s %s\n", name, visible(value))
		}
	}
	say("identity", r.Identity)
	say("issuer", r.Issuer)
	say("subject", r.Subject)
	say("audience", strings.Join(r.Audience, ", "))
	say("authorized party (azp)", r.AuthorizedParty)
	say("issued", r.IssuedAt)
	say("not before", r.NotBefore)
	say("expires", strings.TrimSpace(r.Expires+" "+remaining(c, now)))
	say("signed with", strings.TrimSpace(r.Algorithm+" "+r.KeyID))
	b.WriteString("\nin AWS:\n")
	say("  provider URL", r.ProviderURL)
	say("  client ID", r.ClientID)
	say("  :aud", r.AWSAudience)
	say("  :oaud", r.AWSOriginal)
	say("  :sub", r.AWSSubject)
	say("  rejected", r.AWSRefusal)
	others := otherClaims(c)
	if len(others) > 0 {
		b.WriteString("\nother claims:\n")
	}
	for _, name := range others {
		say("  "+visible(name), claimText(c.Raw[name]))
	}
	b.WriteString("\nThe signature was not checked.\n")
	fmt.Fprint(e.Stdout, b.String())
}

// otherClaims are the claims that no line of the report shows in full, such as those that
// the input requiredClaims compares, and those of the wrong type.
func otherClaims(c claims.UnverifiedClaims) []string {
	list, _ := c.Raw["aud"].([]any)
	shown := map[string]bool{
		"iss": true, "sub": true, "aud": len(list) <= len(c.Audience), "azp": c.AuthorizedParty != "",
		"iat": !c.IssuedAt.IsZero(), "nbf": !c.NotBefore.IsZero(), "exp": !c.Expires.IsZero(),
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.Raw)), func(name string) bool { return shown[name] })
}

// claimText is a string as it is, unless it is empty, and any other value as JSON.
func claimText(v any) string {
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}

func remaining(c claims.UnverifiedClaims, now time.Time) string {
	expires := c.Expires
	_, present := c.Raw["exp"]
	switch {
	case expires.IsZero() && present:
		return "(exp is not a time)"
	case expires.IsZero():
		return "(no time of expiry)"
	case now.Before(expires):
		return "(in " + expires.Sub(now).Round(time.Second).String() + ")"
	default:
		return "(expired " + now.Sub(expires).Round(time.Second).String() + " ago)"
	}
}
