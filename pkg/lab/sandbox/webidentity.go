package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// clockSkew is how far AWS lets a token's times be off, in seconds.
const clockSkew = 300

var errNotAuthorized = &stsError{"AccessDenied", http.StatusForbidden, "Not authorized to perform sts:AssumeRoleWithWebIdentity"}

func invalidToken(format string, args ...any) *stsError {
	return &stsError{"InvalidIdentityToken", http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// assumeWithWebIdentity checks in this order: parameters, form of the token,
// provider, key and signature, times, audience, trust policy, duration.
func (s *Sandbox) assumeWithWebIdentity(c *call) (*answer, *stsError) {
	s.requireAgent(LegSTS, c.Request)
	s.checkUnsigned(c)
	params, err := webIdentityParameters(c.form)
	if err != nil {
		return nil, err
	}
	account, err := s.accountOf(params.role, c)
	if err != nil {
		return nil, err
	}
	claims, provider, err := s.checkToken(account, c.form.Get("WebIdentityToken"))
	if err != nil {
		return nil, err
	}
	if err := s.checkWebTrust(account, params, claims, provider); err != nil {
		return nil, err
	}
	if err := checkDuration(account, params); err != nil {
		return nil, err
	}
	sess := s.issue(params.role, params.sessionName, params.seconds, params.tokenSize)
	return result("AssumeRoleWithWebIdentity", func(b *bytes.Buffer) {
		element(b, "SubjectFromWebIdentityToken", claims.text("sub"))
		element(b, "Audience", claims.effectiveAudience())
		element(b, "Provider", params.role.providerARN(provider.URL))
		sess.write(b)
	}), nil
}

// checkUnsigned records AWS credentials on a request that needs none: somebody
// picked up what lies around.
func (s *Sandbox) checkUnsigned(c *call) {
	for _, name := range []string{"Authorization", "X-Amz-Security-Token", "X-Amz-Date"} {
		if c.Header.Get(name) != "" {
			s.rec.violation("sts: AssumeRoleWithWebIdentity carries the header %s", name)
		}
	}
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Credential"} {
		if c.URL.Query().Has(name) || c.form.Has(name) {
			s.rec.violation("sts: AssumeRoleWithWebIdentity carries the parameter %s", name)
		}
	}
}

// accountOf finds the role's account. An unknown one has no provider.
func (s *Sandbox) accountOf(role roleName, c *call) (Account, *stsError) {
	if region := regionOf(c.Host); partitionOf(region) != role.partition && region != "" {
		return Account{}, &stsError{"ValidationError", http.StatusBadRequest, "Request ARN is invalid"}
	}
	account, ok := s.cfg.account(role.account)
	if !ok {
		return Account{ID: role.account}, nil
	}
	if account.RegionDisabled {
		return Account{}, &stsError{
			"RegionDisabledException", http.StatusForbidden, "STS is not activated in this region for account:" + account.ID +
				". Your account administrator can activate STS in this region using the IAM Console.",
		}
	}
	return account, nil
}

// checkToken checks everything about a token but the role's trust in it.
func (s *Sandbox) checkToken(account Account, token string) (claimSet, OIDCProvider, *stsError) {
	claims, err := unverified(token)
	if err != nil {
		return nil, OIDCProvider{}, invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if e := checkClaims(claims); e != nil {
		return nil, OIDCProvider{}, e
	}
	at := slices.IndexFunc(account.Providers, func(p OIDCProvider) bool { return p.URL == claims.text("iss") })
	if at < 0 {
		return nil, OIDCProvider{}, invalidToken("No OpenIDConnect provider found in your account for %s", claims.text("iss"))
	}
	if _, err := s.verify(token); err != nil {
		return nil, OIDCProvider{}, verificationError(err)
	}
	if e := checkTimes(claims, s.now().Unix()); e != nil {
		return nil, OIDCProvider{}, e
	}
	provider := account.Providers[at]
	if !slices.Contains(provider.ClientIDs, claims.effectiveAudience()) {
		return nil, OIDCProvider{}, invalidToken("Incorrect token audience")
	}
	return claims, provider, nil
}

// checkClaims wants iss, sub, aud, iat and exp, and azp beside several audiences.
func checkClaims(claims claimSet) *stsError {
	if sub, given := claims["sub"]; given && sub == nil {
		return &stsError{"InternalFailure", http.StatusInternalServerError, "An internal error occurred."}
	}
	for _, name := range []string{"iss", "sub"} {
		if claims.text(name) == "" {
			return invalidToken("Missing a required claim: %s", name)
		}
	}
	if len(claims.audience()) == 0 {
		return invalidToken("Missing a required claim: aud")
	}
	for _, name := range []string{"iat", "exp"} {
		if claims.seconds(name) < 0 {
			return invalidToken("Missing a required claim: %s", name)
		}
	}
	if len(claims.audience()) > 1 && claims.text("azp") == "" {
		return invalidToken("Token with several audiences must include azp")
	}
	return nil
}

func verificationError(err error) *stsError {
	if errors.Is(err, errNoKey) {
		return invalidToken("Couldn't retrieve verification key from your identity provider, " +
			"please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	return invalidToken("The token's signature is not valid")
}

func checkTimes(claims claimSet, now int64) *stsError {
	if exp := claims.seconds("exp"); now > exp+clockSkew {
		return &stsError{
			"ExpiredTokenException", http.StatusBadRequest,
			fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time%d", now, exp),
		}
	}
	if claims.seconds("iat") > now+clockSkew {
		return invalidToken("Token is issued in the future")
	}
	if _, given := claims["nbf"]; given {
		if nbf := claims.seconds("nbf"); nbf < 0 || nbf > now+clockSkew {
			return invalidToken("Token is not valid yet")
		}
	}
	return nil
}

// effectiveAudience is what AWS takes for the audience: azp if there is one.
func (c claimSet) effectiveAudience() string {
	if azp := c.text("azp"); azp != "" {
		return azp
	}
	return c.audience()[0]
}

func (s *Sandbox) checkWebTrust(account Account, p parameters, claims claimSet, provider OIDCProvider) *stsError {
	role, ok := account.role(p.role.arn)
	if !ok || p.provider != "" {
		return errNotAuthorized
	}
	name := strings.TrimPrefix(provider.URL, "https://")
	keys := map[string][]string{
		name + ":aud": {claims.effectiveAudience()}, name + ":sub": {claims.text("sub")},
		"sts:RoleSessionName": {p.sessionName}, "aws:FederatedProvider": {p.role.providerARN(provider.URL)},
	}
	if claims.text("azp") != "" {
		keys[name+":oaud"] = claims.audience()
	}
	if amr := claims.list("amr"); amr != nil {
		keys[name+":amr"] = amr
	}
	if email := claims.text("email"); email != "" {
		keys[name+":email"] = []string{email}
	}
	if !evaluate(role.TrustPolicy, trustRequest{"sts:AssumeRoleWithWebIdentity", p.role.providerARN(provider.URL), keys}) {
		return errNotAuthorized
	}
	return nil
}

func checkDuration(account Account, p parameters) *stsError {
	role, _ := account.role(p.role.arn)
	limit := role.MaxSessionDuration
	if limit == 0 {
		limit = 3600
	}
	if p.seconds > limit {
		return &stsError{"ValidationError", http.StatusBadRequest, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."}
	}
	return nil
}
