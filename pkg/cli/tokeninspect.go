package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

const tokenUsage = `usage: assume-aws-role token inspect [--file FILE] [--format text|json]

Shows what a token says and what AWS sees of it. The signature is not checked.
The token is read from standard input or a file, never from an argument.

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

func tokenInspect(_ context.Context, e Env, args []string) int {
	if len(args) == 0 || args[0] != "inspect" {
		if len(args) > 0 && strings.HasSuffix(args[0], "help") {
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
	claims, err := readToken(e, "--file", file)
	if err != nil {
		return broken(e, err)
	}
	r := inspect(claims, e.Now())
	if format == "json" {
		printJSON(e, r)
	} else {
		printToken(e, r, claims, e.Now())
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
			fmt.Fprintf(&b, "%-22s %s\n", name, oneLine(value))
		}
	}
	say("identity", r.Identity)
	say("issuer", r.Issuer)
	say("subject", r.Subject)
	say("audience", strings.Join(r.Audience, ", "))
	say("authorized party (azp)", r.AuthorizedParty)
	say("issued", r.IssuedAt)
	say("not before", r.NotBefore)
	say("expires", r.Expires+" ("+remaining(c.Expires, now)+")")
	say("signed with", strings.TrimSpace(r.Algorithm+" "+r.KeyID))
	b.WriteString("\nin AWS:\n")
	say("  provider URL", r.ProviderURL)
	say("  client id", r.ClientID)
	say("  :aud", r.AWSAudience)
	say("  :oaud", r.AWSOriginal)
	say("  :sub", r.AWSSubject)
	say("  refused", r.AWSRefusal)
	b.WriteString("\nThe signature was not checked.\n")
	fmt.Fprint(e.Stdout, vso.Neutralise(b.String()))
}

func remaining(expires, now time.Time) string {
	switch d := expires.Sub(now).Round(time.Second); {
	case expires.IsZero():
		return "no time of expiry"
	case d <= 0:
		return "expired " + (-d).String() + " ago"
	default:
		return "in " + d.String()
	}
}
