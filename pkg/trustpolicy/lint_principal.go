package trustpolicy

import (
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// ARNs of the identity providers of an account, taken apart.
var (
	oidcProvider = pattern.Lazy(`^arn:(aws[a-z-]*):iam::([0-9]{12}):oidc-provider/(.+)$`)
	samlProvider = pattern.Lazy(`^arn:aws[a-z-]*:iam::[0-9]{12}:saml-provider/[\w+=,.@-]+$`)
)

// lintPrincipals looks at who an Allow statement admits. One that admits everybody is
// not looked at further.
func (s Statement) lintPrincipals(l *linter) {
	switch {
	case s.Principals.Except:
		l.add(Error, "NotPrincipal with Allow admits everybody it does not name")
		return
	case s.Principals.Everybody:
		l.add(Error, `the principal is "*"; name the identity provider`)
		return
	}
	for _, p := range s.Principals.Others {
		l.lintOther(p)
	}
	for _, name := range s.Principals.Federated {
		if m := oidcProvider().FindStringSubmatch(name); m != nil && !isPattern(name) {
			l.lintAccount(m[3], iam.Account(m[2]))
			s.lintProvider(l, m[3])
			continue
		}
		l.lintFederated(name)
	}
}

// lintAccount looks whether a provider is in the account of the role.
func (l *linter) lintAccount(provider string, account iam.Account) {
	switch {
	case account == l.account:
	case l.knownRole:
		l.add(Error, "the provider %s is in account %s, the role in %s; AWS accepts only providers of the role's own account", provider, account, l.account)
	default:
		l.add(Error, "the provider %s is in account %s, another one in %s; AWS accepts only providers of the role's own account", provider, account, l.account)
	}
}

// lintFederated looks at a federated principal that is not an OIDC provider.
func (l *linter) lintFederated(name string) {
	switch {
	case isPattern(name):
		l.lintOther(Principal{"Federated", name})
	case samlProvider().MatchString(name):
		l.add(Warning, "users of the SAML provider %s may be admitted, too", name)
	case strings.Contains(name, "${"):
		l.add(Error, "the principal %s is a template's expression; replace it with the provider's ARN", name)
	default:
		l.add(Error, "the principal %s is not the ARN of an OIDC provider", name)
	}
}

// lintOther looks at a principal that is not an identity provider. In a policy without
// identity providers it is what the policy is for.
func (l *linter) lintOther(p Principal) {
	level, kind := Warning, "AWS principal"
	if !l.federated {
		level = Info
	}
	if p.Type == "Service" {
		kind = "AWS service"
	}
	if isPattern(p.Name) {
		l.add(Error, "the principal %s contains a wildcard; name one principal", p.Name)
		return
	}
	l.add(level, "the %s %s is admitted, too", kind, p.Name)
}

// scheme begins an issuer; a provider is what follows it.
const scheme = "https://"

// lintProvider looks at what an Allow statement asks of a provider's tokens. A
// statement that never applies to them is not looked at further.
func (s Statement) lintProvider(l *linter, provider string) {
	if strings.HasPrefix(provider, scheme) {
		l.add(Error, "the provider %s never matches a token: write it without %s", provider, scheme)
		return
	}
	issuer := claims.IssuerOf(provider)
	if form := issuer.Malformed(provider); form != "" {
		l.add(Error, "the provider %s never matches a token: the issuer is %s", provider, form)
		return
	}
	if s.otherCallsOnly() {
		l.add(Warning, "the statement never applies to a token of %s, which is used with %s", provider, Action)
		return
	}
	if s.lintKeys(l, provider, issuer) {
		return
	}
	pinned := s.lintPin(l, provider, "aud", "a token for any audience that the provider lists is admitted")
	pinned = s.lintPin(l, provider, "sub", "every identity of this issuer is admitted") && pinned
	if issuer == claims.EntraV2Issuer || l.checked.Provider == provider && l.checked.OriginalAudience != "" {
		pinned = s.lintPin(l, provider, "oaud", "a token that the identity sent to another service is admitted") && pinned
	}
	if pinned {
		s.noteOthers(l, provider)
	}
	if issuer == claims.AzureDevOpsIssuer {
		l.add(Info, "Microsoft has announced the retirement of this issuer on 2027-07-01 for connections that can be converted, and has not said what happens to other identities")
	}
}

// otherActions are the actions of a trust policy with which nobody assumes a role by an
// OIDC provider. sts:AssumeRole is not among them: a session that a token has obtained
// elsewhere may count as its provider's (AWS JSON policy elements: Principal, web
// identity session principals).
var otherActions = []string{"sts:assumerolewithsaml", "sts:setcontext", "sts:setsourceidentity", "sts:tagsession"}

// otherCallsOnly reports whether the statement allows none but otherActions.
func (s Statement) otherCallsOnly() bool {
	return !s.Except && !slices.ContainsFunc(s.Actions, func(a string) bool { return !slices.Contains(otherActions, strings.ToLower(a)) })
}
