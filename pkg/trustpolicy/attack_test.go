package trustpolicy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// The identities that policies are checked for, one of each kind.
var identities = []claims.UnverifiedClaims{
	{Issuer: "https://" + issuer, Subject: "sc://contoso-eng/payments/aws-prod", Audience: []string{claims.TokenExchangeAudience}},
	{Issuer: "https://" + issuer, Subject: "p://contoso-eng/payments/deploy", Audience: []string{claims.TokenExchangeAudience}},
	{Issuer: "https://" + entra, Subject: "/eid1/c/pub/t/x/a/y/sc/" + orgID + "/" + conn, Audience: []string{claims.TokenExchangeResource}, AuthorizedParty: claims.AzureDevOpsClientID},
	{Issuer: "https://" + entra, Subject: conn, Audience: []string{"aud-app"}, AuthorizedParty: "client"},
	{Issuer: "https://sts.windows.net/" + tenant + "/", Subject: conn, Audience: []string{"api://aws"}},
	{Issuer: "https://ci.example", Subject: "repo:a:b:c:d:e/x", Audience: []string{"sts.amazonaws.com"}, AuthorizedParty: "me"},
}

// drawer draws policies around one identity: mostly good ones with a few changes.
type drawer struct {
	*rand.Rand
	view claims.AWSView
}

func (d drawer) arn(provider string) string {
	return "arn:aws:iam::" + account + ":oidc-provider/" + provider
}

// often is true n times in a hundred.
func (d drawer) often(n int) bool { return d.IntN(100) < n }

func pick[T any](d drawer, options ...T) T { return options[d.IntN(len(options))] }

func (d drawer) document() map[string]any {
	doc := map[string]any{}
	if v := pick(d, "2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", ""); v != "" {
		doc["Version"] = v
	}
	var statements []any
	for range 1 + d.IntN(3) {
		statements = append(statements, d.statement())
	}
	if doc["Statement"] = statements; len(statements) == 1 && d.often(30) {
		doc["Statement"] = statements[0]
	}
	return doc
}

func (d drawer) statement() map[string]any {
	s := map[string]any{"Effect": "Allow", "Principal": map[string]any{"Federated": d.arn(d.view.Provider)}, "Action": trustpolicy.Action}
	if d.often(8) {
		s["Effect"] = "Deny"
	}
	if d.often(20) {
		s["Principal"] = d.principal()
	}
	if d.often(4) {
		s["NotPrincipal"] = s["Principal"]
		delete(s, "Principal")
	}
	if d.often(25) {
		s["Action"] = d.action()
	}
	if d.often(5) {
		s["NotAction"] = s["Action"]
		delete(s, "Action")
	}
	if c := d.conditions(); len(c) > 0 {
		s["Condition"] = c
	}
	return s
}

func (d drawer) principal() any {
	own := d.arn(d.view.Provider)
	return pick[any](d, "*", map[string]any{"AWS": "*"}, map[string]any{"Federated": "*"}, map[string]any{"Service": "*"},
		map[string]any{"AWS": []any{"arn:aws:iam::" + account + ":root", "*"}}, map[string]any{"AWS": "arn:aws:iam::*:root"},
		map[string]any{"AWS": "arn:aws:iam::" + account + ":root"}, map[string]any{"AWS": "999999999999"},
		map[string]any{"Service": "ec2.amazonaws.com"}, map[string]any{"Federated": "accounts.google.com"},
		map[string]any{"Federated": "arn:aws:iam::" + account + ":saml-provider/AD"}, map[string]any{"Federated": "arn:aws:iam::" + account + ":saml-provider/*"},
		map[string]any{"Federated": []any{own, d.arn(issuer)}}, map[string]any{"Federated": own, "AWS": "*"}, map[string]any{"Federated": own, "Service": "x"},
		map[string]any{"Federated": "arn:aws:iam::222222222222:oidc-provider/" + d.view.Provider}, map[string]any{"Federated": d.arn("vstoken.dev.azure.com")},
		map[string]any{"Federated": d.arn("login.microsoftonline.com/common/v2.0")}, map[string]any{"Federated": d.arn("*")})
}

func (d drawer) action() any {
	return pick[any](d, "sts:*", "*", "sts:AssumeRole", "sts:AssumeRole*", "STS:assumerolewithwebidentity", "sts:TagSession", "sts:AssumeRoleWithSAML",
		"sts:AssumeRoleWithWebIdentit?", []any{"sts:AssumeRoleWithWebIdentity", "sts:TagSession"}, []any{"sts:AssumeRole", "sts:TagSession"}, " sts:AssumeRoleWithWebIdentity")
}

// conditions are those that pin the identity, with a few changes.
func (d drawer) conditions() map[string]any {
	blocks := map[string]any{}
	put := func(operator, key string, value any) {
		block, _ := blocks[operator].(map[string]any)
		if block == nil {
			block = map[string]any{}
			blocks[operator] = block
		}
		block[key] = value
	}
	pins := map[string]string{"aud": d.view.Audience, "sub": d.view.Subject}
	if d.view.OriginalAudience != "" {
		pins["oaud"] = d.view.OriginalAudience
	}
	for _, name := range slices.Sorted(maps.Keys(pins)) {
		if d.often(4) {
			continue
		}
		operator, key, value := "StringEquals", d.view.Provider+":"+name, any(pins[name])
		if d.often(10) {
			operator = d.operator()
		}
		if d.often(6) {
			key = d.key(name)
		}
		if d.often(12) {
			value = d.value(pins[name])
		}
		put(operator, key, value)
	}
	for d.often(15) {
		name := pick(d, "aud", "sub", "oaud", "amr", "email", "rpo_ref")
		put(d.operator(), d.key(name), d.value(cmpOr(pins[name], "x")))
	}
	return blocks
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (d drawer) operator() string {
	if strings.Count(d.view.Subject, ":") >= 5 && d.often(30) { // as an ARN has
		return pick(d, "ArnEquals", "ArnLike", "ArnNotEquals")
	}
	base := pick(d, "StringEquals", "StringEquals", "StringLike", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
		"ArnEquals", "ArnLike", "ArnNotLike", "Null", "Bool", "NumericEquals", "NumericNotEquals", "DateLessThan", "BinaryEquals", "IpAddress", "stringequals", "StringMatches")
	if d.often(15) {
		base = pick(d, "ForAllValues:", "ForAnyValue:") + base
	}
	if d.often(12) {
		base += "IfExists"
	}
	return base
}

func (d drawer) key(name string) string {
	p := d.view.Provider
	return pick(d, p, p, p, strings.ToUpper(p), p+"/", strings.Trim(p, "/"), "vstoken.dev.azure.com", issuer, entra, "aws", "sts", "") +
		":" + pick(d, name, name, name, strings.ToUpper(name), "sub", "aud", "rpo_ref", "SourceIp", "RoleSessionName", "FederatedProvider")
}

func (d drawer) value(v string) any {
	at := d.IntN(len(v) + 1)
	one := func() any {
		return pick[any](d, v, v+"*", "*"+v, v[:at]+"*", v[:at]+"*"+v[at:], v[:at]+"?"+v[min(at+1, len(v)):], "*", "?*", "", v+"x", strings.ToUpper(v),
			"${"+d.view.Provider+":sub}", "${"+d.view.Provider+":aud}", "${aws:x, '"+v+"'}", "${*}", v[:at]+"${aws:y,'"+v[at:]+"'}", "true", "false", true, false, 5, "5",
			"*:*:*:*:*:*", "sc://contoso-eng/payments/other", "sc://contoso-eng/*", "2100-01-01", "0.0.0.0/0")
	}
	if d.often(25) {
		return []any{one(), v}
	}
	if d.often(10) {
		return []any{one(), one()}
	}
	return one()
}

// text is the document, sometimes with a character changed.
func (d drawer) text() []byte {
	data, err := json.Marshal(d.document())
	if err != nil {
		panic(err)
	}
	for d.often(5) {
		at := d.IntN(len(data))
		data = slices.Concat(data[:at], []byte(pick(d, "", "*", `"`, "a", `\u002a`, "?", " ", "$", "{")), data[at+1:])
	}
	return data
}

// other is a caller that is not the identity, with what identifies its token.
type other struct {
	caller
	values []string
}

// none is the original audience of a token that has none, where the identity's has one.
const none = "no original audience"

// others are tokens that differ from the identity's in something, and callers that have
// no token.
func (d drawer) others() (out []other) {
	v := d.view
	subjects := []string{
		v.Subject, v.Subject + "2", strings.ToUpper(v.Subject), "x" + v.Subject, v.Subject[:len(v.Subject)-1], "sc://contoso-eng/payments/new",
		"sc://evil/p/c", "p://contoso-eng/payments/new", "5.0", "true", "zz", "a:b:c:d:e:f",
	}
	originals := []string{v.OriginalAudience}
	if v.OriginalAudience != "" {
		originals = append(originals, "https://graph.microsoft.com", "other", none)
	}
	for _, provider := range []string{v.Provider, issuer, entra, "vstoken.dev.azure.com/" + conn} {
		for _, sub := range subjects {
			for _, aud := range []string{v.Audience, "another", strings.ToUpper(v.Audience)} {
				for _, oaud := range originals {
					if provider == v.Provider && sub == v.Subject && aud == v.Audience && oaud == v.OriginalAudience {
						continue
					}
					view := claims.AWSView{Provider: provider, Audience: aud, OriginalAudience: strings.TrimSuffix(oaud, none), Subject: sub}
					c := webIdentity(account, view)
					out = append(out, other{c, []string{provider, aud, oaud, sub}})
					if provider == v.Provider { // a session that a token obtained
						c.action = "sts:AssumeRole"
						out = append(out, other{c, []string{provider, aud, oaud, sub}})
					}
				}
			}
		}
	}
	for _, c := range []caller{
		{kind: "AWS", name: "arn:aws:iam::123123123123:root"},
		{kind: "AWS", name: "arn:aws:iam::123123123123:user/eve"},
		{kind: "AWS", name: "anonymous"},
		{kind: "Service", name: "evil.amazonaws.com"},
		{kind: "Federated", name: "accounts.google.com"},
		{kind: "Federated", name: "arn:aws:iam::" + account + ":saml-provider/Other"},
	} {
		for _, c.action = range []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"} {
			out = append(out, other{caller: c})
		}
	}
	return out
}

// literals are the scalar values of a decoded document.
func literals(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			literals(e, into)
		}
	case []any:
		for _, e := range v {
			literals(e, into)
		}
	default:
		into[fmt.Sprint(v)] = true
	}
}

// named reports whether the document names the token in all that identifies it: somebody
// wrote each of its values there.
func (o other) named(provider string, literal map[string]bool) bool {
	return o.values != nil && o.values[0] == provider && !slices.ContainsFunc(o.values[1:], func(v string) bool { return v != "" && !literal[v] })
}

func webIdentity(account string, v claims.AWSView) caller {
	p := strings.ToLower(v.Provider)
	arn := "arn:aws:iam::" + account + ":oidc-provider/" + v.Provider
	c := caller{kind: "Federated", name: arn, action: trustpolicy.Action, keys: map[string]string{
		p + ":aud": v.Audience, p + ":sub": v.Subject, "aws:federatedprovider": arn, "aws:securetransport": "true",
	}}
	if v.OriginalAudience != "" {
		c.keys[p+":oaud"] = v.OriginalAudience
	}
	return c
}

// TestNoPolicyPassesAndAdmitsOthers draws policies around each identity and checks them.
// A second evaluator then looks for somebody else whom a policy that passes lets in, and
// for policies that pass and do not let in the identity.
func TestNoPolicyPassesAndAdmitsOthers(t *testing.T) {
	t.Parallel()
	for i, identity := range identities {
		t.Run(identity.Flavour().String(), func(t *testing.T) {
			t.Parallel()
			a := attack{identity: identity, view: identity.AWS(), others: drawer{view: identity.AWS()}.others()}
			for n := uint64(0); a.parsed < attacks/len(identities)+1; n++ {
				a.check(t, drawer{rand.New(rand.NewPCG(uint64(i), n)), a.view}.text())
				if n > 100 && uint64(a.parsed) < n/10 {
					t.Fatalf("only %d of the first %d policies can be parsed", a.parsed, n)
				}
			}
			t.Logf("%d policies, %d passed; of every fiftieth other, %d admit somebody else", a.parsed, a.passed, a.dangerous)
			if a.passed < a.parsed/20 || a.dangerous*50 < a.parsed/20 {
				t.Error("the draw is too tame, or too wild, to show anything")
			}
		})
	}
}

// attack is what was found about the policies drawn around an identity.
type attack struct {
	identity                  claims.UnverifiedClaims
	view                      claims.AWSView
	others                    []other
	parsed, passed, dangerous int
}

func (a *attack) check(t *testing.T, document []byte) {
	t.Helper()
	p, err := trustpolicy.Parse(document)
	if err != nil {
		return
	}
	a.parsed++
	policy, passes := decodeAny(document), trustpolicy.Check(p, a.identity).Passes
	if !passes && a.parsed%50 != 0 {
		return
	}
	who := a.admitted(policy)
	switch {
	case !passes && who != "":
		a.dangerous++
	case !passes:
	case who != "":
		t.Fatalf("passes for %s and admits %s:\n%s", a.identity.Subject, who, document)
	case !(oracle{}).admits(policy, webIdentity(account, a.view)) && !strings.Contains(string(document), "222222222222"):
		t.Fatalf("passes and does not admit %s:\n%s", a.identity.Subject, document)
	default:
		a.passed++
	}
}

// admitted names somebody else whom the policy admits without naming him; empty when
// there is nobody.
func (a *attack) admitted(policy map[string]any) string {
	literal := map[string]bool{}
	literals(policy, literal)
	for _, o := range a.others {
		if !o.named(a.view.Provider, literal) && (oracle{generous: true}).admits(policy, o.caller) {
			return fmt.Sprintf("%s %s %v", o.action, o.name, o.keys)
		}
	}
	return ""
}
