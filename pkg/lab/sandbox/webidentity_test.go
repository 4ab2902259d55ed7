package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestTokenRules is one row a rule that AWS was observed to apply to tokens.
func TestTokenRules(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	now := time.Now().Unix()
	good := map[string]any{
		"iss": s.cfg.vstokenIssuer(), "aud": tokenExchangeURI, "sub": "sc://contoso-eng/payments/aws-prod", "iat": now, "exp": now + 300,
	}
	kid := newSigner().hexName()
	for name, tc := range map[string]struct {
		claims map[string]any
		kid    string
		status int
		text   string
	}{
		"good":              {nil, kid, 200, "<Audience>" + tokenExchangeURI},
		"no kid, one key":   {nil, "", 200, ""},
		"unknown kid":       {nil, "nobody", 400, "Couldn&#39;t retrieve verification key"},
		"times in strings":  {map[string]any{"exp": "99999999999"}, kid, 200, ""},
		"fraction":          {map[string]any{"exp": 99999999999.5}, kid, 400, "InvalidIdentityToken"},
		"null subject":      {map[string]any{"sub": nil}, kid, 500, "InternalFailure"},
		"no subject":        {map[string]any{"sub": ""}, kid, 400, "InvalidIdentityToken"},
		"one-element list":  {map[string]any{"aud": []string{tokenExchangeURI}}, kid, 200, ""},
		"two audiences":     {map[string]any{"aud": []string{tokenExchangeURI, "x"}}, kid, 400, "InvalidIdentityToken"},
		"azp decides":       {map[string]any{"azp": "stranger"}, kid, 400, "Incorrect token audience"},
		"expired":           {map[string]any{"exp": now - 400}, kid, 400, "ExpiredTokenException"},
		"inside the skew":   {map[string]any{"exp": now - 200}, kid, 200, ""},
		"from the future":   {map[string]any{"iat": now + 400}, kid, 400, "InvalidIdentityToken"},
		"not valid yet":     {map[string]any{"nbf": now + 400}, kid, 400, "InvalidIdentityToken"},
		"stranger's issuer": {map[string]any{"iss": "https://vstoken.dev.azure.com/contoso-eng"}, kid, 400, "No OpenIDConnect provider found in your account for https://vstoken.dev.azure.com/contoso-eng"},
		"other subject":     {map[string]any{"sub": "sc://contoso-eng/payments/AWS-prod"}, kid, 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims := maps.Clone(good)
			maps.Copy(claims, tc.claims)
			contain(t, webIdentity(t, s, s.Token(claims, tc.kid), "deploy"), tc.status, tc.text)
		})
	}
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	real := token(t, s, connectionID(t, "aws-prod"))
	parts := strings.Split(real, ".")
	for name, forged := range map[string]string{
		"signature": parts[0] + "." + parts[1] + "." + parts[2][:10] + "AAAA" + parts[2][14:],
		"none":      "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"not a JWT": "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contain(t, webIdentity(t, s, forged, "deploy"), 400, "<Code>InvalidIdentityToken</Code>")
		})
	}
}

func TestKeyRules(t *testing.T) {
	t.Parallel()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(newSigner().keySet("a"), &set); err != nil {
		t.Fatal(err)
	}
	with := func(name string, value any) []byte {
		k := maps.Clone(set.Keys[0])
		k[name] = value
		return encode(map[string]any{"keys": []any{k}})
	}
	many := make([]any, 101)
	for i := range many {
		many[i] = set.Keys[0]
	}
	for name, tc := range map[string]struct {
		doc []byte
		kid string
		ok  bool
	}{
		"by id":           {with("use", "sig"), "a", true},
		"only one":        {with("use", "sig"), "", true},
		"other id":        {with("use", "sig"), "b", false},
		"wrong alg":       {with("alg", "PS256"), "a", true},
		"key_ops":         {with("key_ops", []string{"verify"}), "a", false},
		"unknown type":    {with("kty", "oct"), "a", false},
		"too many":        {encode(map[string]any{"keys": many}), "a", false},
		"two, no id":      {encode(map[string]any{"keys": many[:2]}), "", false},
		"not a document":  {nil, "a", false},
		"malformed value": {with("n", "!"), "a", false},
	} {
		if _, err := keyFrom(tc.doc, tc.kid); (err == nil) != tc.ok {
			t.Errorf("%s: error %v, want one: %v", name, err, !tc.ok)
		}
	}
}

func TestWebIdentityParameters(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Accounts = append(cfg.Accounts, Account{ID: "444455556666", RegionDisabled: true})
	s := start(t, cfg)
	jwt := token(t, s, "")
	for name, tc := range map[string]struct {
		role   string
		change []string
		status int
		text   string
	}{
		"long duration":       {"deploy", []string{"DurationSeconds", "43200"}, 200, ""},
		"over role's limit":   {"short", []string{"DurationSeconds", "3601"}, 400, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"over everything":     {"deploy", []string{"DurationSeconds", "43201"}, 400, "Member must have value less than or equal to 43200"},
		"under everything":    {"deploy", []string{"DurationSeconds", "899"}, 400, "Member must have value greater than or equal to 900"},
		"session name":        {"deploy", []string{"RoleSessionName", "a b"}, 400, "1 validation error detected: Value &#39;a b&#39; at &#39;roleSessionName&#39; failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"},
		"not ASCII":           {"deploy", []string{"RoleSessionName", "größe"}, 400, "ValidationError"},
		"two faults":          {"deploy", []string{"RoleSessionName", "a", "DurationSeconds", "1"}, 400, "2 validation errors detected"},
		"provider id":         {"deploy", []string{"ProviderId", "x"}, 403, "AccessDenied"},
		"policy":              {"deploy", []string{"Policy", `{"Version":"2012-10-17","Statement":[]}`}, 200, ""},
		"broken policy":       {"deploy", []string{"Policy", "{"}, 400, "MalformedPolicyDocument"},
		"long policy":         {"deploy", []string{"Policy", `{"Statement":[]}` + strings.Repeat(" ", 2048)}, 400, "less than or equal to 2048"},
		"policy and ARN":      {"deploy", []string{"Policy", `{"Statement":[]}` + strings.Repeat(" ", 2020), "PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"}, 400, "PackedPolicyTooLarge"},
		"provider for role":   {"deploy", []string{"RoleArn", "arn:aws:iam::111122223333:oidc-provider/x"}, 400, "Request ARN is invalid"},
		"account for role":    {"deploy", []string{"RoleArn", "111122223333-111122223333"}, 400, "111122223333-111122223333 is invalid"},
		"unknown role":        {"nobody", nil, 403, "AccessDenied"},
		"role with path":      {"teams/path/nested", nil, 200, "assumed-role/nested/payments-98765"},
		"unknown account":     {"deploy", []string{"RoleArn", "arn:aws:iam::999988887777:role/deploy"}, 400, "No OpenIDConnect provider found"},
		"disabled region":     {"deploy", []string{"RoleArn", "arn:aws:iam::444455556666:role/deploy"}, 403, "RegionDisabledException"},
		"unknown action":      {"deploy", []string{"Action", "GetSessionToken"}, 400, "InvalidAction"},
		"other version":       {"deploy", []string{"Version", "2010-01-01"}, 400, "InvalidAction"},
		"policy ARN":          {"deploy", []string{"PolicyArns.member.1.arn", "nonsense"}, 400, "ValidationError"},
		"eleven policy ARNs":  {"deploy", elevenARNs(), 400, "less than or equal to 10"},
		"oversized token":     {"deploy", []string{"WebIdentityToken", strings.Repeat("a", 20001)}, 400, "less than or equal to 20000"},
		"nothing of a token":  {"deploy", []string{"WebIdentityToken", ""}, 400, "webIdentityToken"},
		"not a whole number":  {"deploy", []string{"DurationSeconds", "1e3"}, 400, "ValidationError"},
		"minimum token size":  {"deploy", []string{"MinimumSessionTokenSize", "5000"}, 400, "ValidationError"},
		"control in policy":   {"deploy", []string{"Policy", "{\x01}"}, 400, "ValidationError"},
		"the other partition": {"deploy", []string{"RoleArn", "arn:aws-cn:iam::111122223333:role/deploy"}, 403, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contain(t, webIdentity(t, s, jwt, tc.role, tc.change...), tc.status, tc.text)
		})
	}
}

func elevenARNs() []string {
	var list []string
	for _, n := range strings.Fields("1 2 3 4 5 6 7 8 9 10 11") {
		list = append(list, "PolicyArns.member."+n+".arn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	}
	return list
}

// TestSignedWebIdentity wants a violation for AWS credentials on a request that
// needs none, and for a client without a name.
func TestSignedWebIdentity(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	r := request(t, http.MethodPost, s.STSURL+"/", "Action=AssumeRoleWithWebIdentity&Version=2011-06-15")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/x")
	r.Header.Set("X-Amz-Security-Token", "x")
	r.Header.Set("User-Agent", "aws-sdk-go-v2/1")
	send(t, direct(t), r)
	if got := len(s.Violations()); got != 3 {
		t.Errorf("%d violations: %q", got, s.Violations())
	}
	s.Reset()
	get := request(t, http.MethodGet, s.STSURL+"/?Action=AssumeRoleWithWebIdentity&WebIdentityToken="+token(t, s, ""), "")
	contain(t, send(t, direct(t), get), 400)
	if got := len(s.Violations()); got != 2 {
		t.Errorf("%d violations: %q", got, s.Violations())
	}
}
