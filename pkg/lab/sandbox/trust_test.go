package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/golang-jwt/jwt/v5"
)

// TestTrustConditions puts the operators and keys of a role's trust policy to the
// test, with Entra's connection token, which has an azp.
func TestTrustConditions(t *testing.T) {
	t.Parallel()
	cfg := Default()
	conn, _ := cfg.Connection("azure-prod")
	issuer := entraIssuer(defaultTenant)
	name := strings.TrimPrefix(issuer, "https://")
	for title, tc := range map[string]struct {
		condition map[string]any
		effect    string
		want      int
	}{
		"aud is azp":      {map[string]any{"StringEquals": map[string]any{name + ":aud": azureDevOpsApp}}, "Allow", 200},
		"oaud is aud":     {map[string]any{"StringEquals": map[string]any{name + ":oaud": tokenExchangeResource}}, "Allow", 200},
		"aud is not aud":  {map[string]any{"StringEquals": map[string]any{name + ":aud": tokenExchangeResource}}, "Allow", 403},
		"wildcard":        {map[string]any{"StringLike": map[string]any{name + ":sub": "/eid1/*"}}, "Allow", 200},
		"no wildcard":     {map[string]any{"StringEquals": map[string]any{name + ":sub": "/eid1/*"}}, "Allow", 403},
		"session name":    {map[string]any{"StringLike": map[string]any{"sts:RoleSessionName": "payments-*"}}, "Allow", 200},
		"other session":   {map[string]any{"StringLike": map[string]any{"sts:RoleSessionName": "other-*"}}, "Allow", 403},
		"provider":        {map[string]any{"StringEquals": map[string]any{"aws:FederatedProvider": "arn:aws:iam::" + defaultAccount + ":oidc-provider/" + name}}, "Allow", 200},
		"unknown key":     {map[string]any{"StringEquals": map[string]any{name + ":tid": defaultTenant}}, "Allow", 403},
		"nothing but no":  {nil, "Deny", 403},
		"no condition":    {nil, "Allow", 200},
		"several, or'ed":  {map[string]any{"StringEquals": map[string]any{name + ":aud": []string{"x", azureDevOpsApp}}}, "Allow", 200},
		"several, and'ed": {map[string]any{"StringEquals": map[string]any{name + ":aud": azureDevOpsApp, name + ":sub": "x"}}, "Allow", 403},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			statement := cfg.trusts(issuer, "", "")
			delete(statement, "Condition")
			statement["Effect"] = tc.effect
			if tc.condition != nil {
				statement["Condition"] = tc.condition
			}
			world := Default()
			world.Accounts[0].Roles = []Role{{ARN: roleARN("deploy"), TrustPolicy: policy(statement)}}
			s := start(t, world)
			contain(t, webIdentity(t, s, token(t, s, conn.ID), "deploy"), tc.want)
		})
	}
}

func TestBrokenPolicy(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Accounts[0].Roles[0].TrustPolicy = json.RawMessage(`{"Statement":"x"}`)
	if s, err := New(cfg); err == nil {
		s.Close()
		t.Error("a policy that IAM refuses was taken")
	}
}

// TestChainPrincipals is one row a way to name the first role in the second's
// trust policy.
func TestChainPrincipals(t *testing.T) {
	t.Parallel()
	session := "arn:aws:sts::" + defaultAccount + ":assumed-role/deploy/payments-98765"
	allow := func(principal any) map[string]any {
		return map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
	}
	by := func(arn string) any { return map[string]any{"AWS": []string{arn}} }
	deny := allow(by(roleARN("deploy")))
	deny["Effect"] = "Deny"
	denyOthers := map[string]any{"Effect": "Deny", "Action": "*", "NotPrincipal": map[string]any{"AWS": roleARN("short")}}
	for name, tc := range map[string]struct {
		statements []any
		want       string
	}{
		"role":              {[]any{allow(by(roleARN("deploy")))}, "ok"},
		"session":           {[]any{allow(by(session))}, "ok"},
		"account":           {[]any{allow(by(defaultAccount))}, "ok"},
		"root":              {[]any{allow(by("arn:aws:iam::" + defaultAccount + ":root"))}, "ok"},
		"everybody":         {[]any{allow("*")}, "ok"},
		"other role":        {[]any{allow(by(roleARN("short")))}, "AccessDenied"},
		"other account":     {[]any{allow(by("999988887777"))}, "AccessDenied"},
		"provider":          {[]any{allow(map[string]any{"Federated": roleARN("deploy")})}, "AccessDenied"},
		"denied":            {[]any{allow("*"), deny}, "AccessDenied"},
		"denied but others": {[]any{allow("*"), denyOthers}, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := sdkWorld()
			cfg.Accounts[0].Roles = append(cfg.Accounts[0].Roles, Role{ARN: roleARN("target"), TrustPolicy: policy(tc.statements...)})
			s := start(t, cfg)
			_, err := client(s, assume(t, s, "deploy").credentials(), "eu-west-1").AssumeRole(t.Context(), &sts.AssumeRoleInput{
				RoleArn: aws.String(roleARN("target")), RoleSessionName: aws.String("payments-98765"),
			})
			if got := code(err); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestAlgorithms wants an algorithm that AWS does not take to be refused although
// the signature is good.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	now := time.Now().Unix()
	pss := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.MapClaims{
		"iss": s.cfg.vstokenIssuer(), "aud": tokenExchangeURI, "sub": "sc://contoso-eng/payments/aws-prod", "iat": now, "exp": now + 300,
	})
	pss.Header["kid"] = newSigner().hexName()
	signed, err := pss.SignedString(rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	contain(t, webIdentity(t, s, signed, "deploy"), 400, "<Code>InvalidIdentityToken</Code>")
}

// TestDiscoveryIssuer wants a discovery document of another issuer to be useless.
func TestDiscoveryIssuer(t *testing.T) {
	t.Parallel()
	cfg := Default()
	where := cfg.vstokenIssuer() + "/.well-known/openid-configuration"
	cfg.Documents = map[string]json.RawMessage{where: json.RawMessage(strings.Replace(string(cfg.documents()[where]), cfg.vstokenIssuer(), "https://other.test", 1))}
	s := start(t, cfg)
	contain(t, webIdentity(t, s, token(t, s, ""), "deploy"), 400, "Couldn&#39;t retrieve verification key")
}

// TestMisplacedTokens wants the job token to be noticed wherever it has no
// business to be.
func TestMisplacedTokens(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	webIdentity(t, s, s.JobToken, "deploy")
	r := request(t, http.MethodConnect, s.ProxyURL, "")
	r.Host = "example.com:443"
	r.Header.Set("Authorization", "Bearer "+s.JobToken)
	contain(t, send(t, direct(t), r), 502)
	if got := strings.Join(s.Violations(), "\n"); strings.Count(got, "\n") != 1 || strings.Contains(got, s.JobToken) {
		t.Errorf("violations: %s", got)
	}
}
