package setuppage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// Pasted is what the page's second tab was given.
type Pasted struct {
	// Log is the log of a step, or the claims of a token as JSON; Fragment is that of the
	// address. The log counts when both are there.
	Log      string `json:"log"`
	Fragment string `json:"fragment"`
	// Policy is a role's trust policy, in any form that trust-policy check takes.
	Policy string `json:"policy"`
	// Account is the role's account, for denials that do not name it.
	Account string `json:"account"`
	Host    Host   `json:"host"`
}

// Diagnosis is what the page says about a denial. Without a Denial everything else is
// empty.
type Diagnosis struct {
	Denial *Denial `json:"denial,omitempty"`
	// Kind is the kind of the identity, in words.
	Kind  string `json:"kind,omitempty"`
	Owner *Owner `json:"owner,omitempty"`
	// Problem says why the policy cannot be read.
	Problem string `json:"problem,omitempty"`
	// Verdict is empty without a policy.
	Verdict *trustpolicy.Verdict `json:"verdict,omitempty"`
	// NeedsAccount reports whether nothing but the user can tell the role's account.
	NeedsAccount bool `json:"needsAccount,omitempty"`
	// Statement and Document allow exactly this identity; Unusable says why IAM would
	// not accept them. All are empty unless the identity is the host's own.
	Statement string `json:"statement,omitempty"`
	Document  string `json:"document,omitempty"`
	Unusable  string `json:"unusable,omitempty"`
}

// Diagnose compares an identity that was turned away with the policy of the role.
func Diagnose(p Pasted) Diagnosis {
	denial, c, found := p.identity()
	if !found {
		return Diagnosis{}
	}
	owner := p.Host.Owner(denial)
	d := Diagnosis{Denial: &denial, Kind: c.Flavour().String(), Owner: &owner}
	policy := d.judge(p.Policy, c)
	if owner.Ours {
		d.offer(p, policy, c)
	}
	return d
}

// identity is the identity that was pasted, or that the link has.
func (p Pasted) identity() (d Denial, c claims.UnverifiedClaims, found bool) {
	switch text := strings.TrimSpace(p.Log); {
	case text == "":
		d, found = FromFragment(p.Fragment)
	case text[0] == '{':
		c, err := claims.Parse([]byte(text))
		d = Denied(c, "", "")
		return d, c, err == nil && d.complete() && d.legible()
	default:
		d, found = FromLog(text)
	}
	return d, d.Claims(), found
}

// judge evaluates a policy, and returns it if it is one.
func (d *Diagnosis) judge(text string, c claims.UnverifiedClaims) *trustpolicy.Policy {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	policy, err := trustpolicy.Read([]byte(text))
	if err != nil {
		d.Problem = err.Error()
		return nil
	}
	if role := d.Denial.role(); !policy.Role.Given() && known(role.Account) {
		policy.Role = role
	}
	v := trustpolicy.Check(policy, c)
	d.Verdict = &v
	return policy
}

// offer adds what would allow the identity. The account is that of the denied role, or
// what the role's own policy tells of it, or the one that the user entered.
func (d *Diagnosis) offer(p Pasted, policy *trustpolicy.Policy, c claims.UnverifiedClaims) {
	role := d.Denial.role()
	partition, account := role.Partition, role.Account
	if policy != nil && !known(account) {
		partition, account = policy.Home(c.AWS().Provider)
	}
	if !known(account) {
		d.NeedsAccount, account = true, iam.Account(p.Account)
	}
	if !known(account) {
		return
	}
	x := trustpolicy.Explain(c, cmp.Or(partition, iam.Commercial), account, trustpolicy.NotAllowed)
	d.Document, d.Unusable, d.Statement = x.Document, x.Unusable, onlyStatement(x.Document)
}

func known(a iam.Account) bool { return a.Valid() && a != noAccount }

// onlyStatement is the statement of a document that has one, indented for itself.
func onlyStatement(document string) string {
	var d struct{ Statement []json.RawMessage }
	var b bytes.Buffer
	if json.Unmarshal([]byte(document), &d) != nil || len(d.Statement) != 1 || json.Indent(&b, d.Statement[0], "", "  ") != nil {
		return ""
	}
	return b.String()
}
