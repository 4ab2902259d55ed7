package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheckedPolicy: findings are of the policy or of one statement, and have a heading
// only where there are any; a Sid stands beside its number.
func TestCheckedPolicy(t *testing.T) {
	t.Parallel()
	claims := t.TempDir() + "/claims.json"
	write(t, claims, `{"iss":"https://i","sub":"s","aud":["a","b"],"azp":"c"}`)
	refused := t.TempDir() + "/refused.json"
	write(t, refused, `{"iss":"https://i","sub":"s","aud":["a","b"]}`)
	for name, tt := range map[string]struct{ claims, policy, want string }{
		"a refused token": {
			refused,
			`{"Version":"","Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}`,
			`NOT ADMITTED: token of an unknown kind; the policy also has 1 error

statement 1 (Deny): applies
  ok  the principal is "*"
  ok  action * covers sts:AssumeRoleWithWebIdentity

findings:
  error: policy: invalid Version ""; use 2012-10-17
  error: token: AWS always rejects this token: it has several audiences and no azp to choose one
`,
		},
		"no finding": {
			claims,
			`{"Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}`,
			`NOT ADMITTED: token of an unknown kind

statement 1 (Deny): applies
  ok  the principal is "*"
  ok  action * covers sts:AssumeRoleWithWebIdentity
`,
		},
		"findings": {
			claims,
			`{"Version":"2020-01-01","Statement":[{"Sid":"a\nb","Effect":"Deny","Principal":"*","Action":"*"},` +
				`{"Sid":"Foreign","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}`,
			`NOT ADMITTED: token of an unknown kind; the policy also has 2 errors

statement 1 "a\nb" (Deny): applies
  ok  the principal is "*"
  ok  action * covers sts:AssumeRoleWithWebIdentity

statement 2 Foreign (Allow): does not apply
  no  the principal is arn:aws:iam::999999999999:root; the token's provider is arn:aws:iam::<account-id>:oidc-provider/i
  no  action sts:AssumeRole does not cover sts:AssumeRoleWithWebIdentity

findings:
  error: policy: invalid Version "2020-01-01"; use 2012-10-17
  error: statement 1: the Sid "a\nb" must consist of letters and digits
  info: statement 2: the AWS principal arn:aws:iam::999999999999:root is admitted, too
`,
		},
	} {
		status, stdout, stderr := run(tt.policy, "trust-policy", "check", "--policy", "-", "--claims", tt.claims)
		if status != 3 || stderr != "" {
			t.Errorf("%s: status %d, %s", name, status, stderr)
		}
		if diff := cmp.Diff(tt.want, stdout); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestLengthOfPolicy: a policy may have as many characters as IAM allows; with one more,
// generate says what to do, and check finds it too.
func TestLengthOfPolicy(t *testing.T) {
	t.Parallel()
	const most = 2048
	generate := func(pipeline string) (policy, notes string) {
		status, stdout, stderr := run("", "trust-policy", "generate", "--identity", "pipeline", "--account", "111122223333",
			"--org", "contoso-eng", "--org-id", "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13", "--project", "payments", "--pipeline", pipeline)
		if status != 0 {
			t.Fatalf("status %d, %s", status, stderr)
		}
		return stdout, stderr
	}
	var least int
	_, notes := generate("p")
	if _, err := fmt.Sscanf(notes, "The policy has %d of the 2048 characters", &least); err != nil {
		t.Fatalf("no length in %q: %v", notes, err)
	}
	claims := t.TempDir() + "/claims.json"
	for length, tooLong := range map[int]string{
		most:     "",
		most + 1: "It is too long: raise the quota \"Role trust policy length\", or use two roles.\n",
	} {
		name := strings.Repeat("p", 1+length-least)
		policy, notes := generate(name)
		if want := fmt.Sprintf("The policy has %d of the 2048 characters that IAM allows by default.\n", length) + tooLong; notes != want {
			t.Errorf("%d characters: generate notes %q, want %q", length, notes, want)
		}
		write(t, claims, `{"iss":"https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13","sub":"p://contoso-eng/payments/`+name+`","aud":"api://AzureADTokenExchange"}`)
		status, verdict, stderr := run(policy, "trust-policy", "check", "--policy", "-", "--claims", claims)
		if status != 0 {
			t.Errorf("%d characters: the identity is not admitted: status %d, %s%s", length, status, verdict, stderr)
		}
		if found := strings.Contains(verdict, "IAM's default quota"); found != (tooLong != "") {
			t.Errorf("%d characters: check finds the policy too long: %v, in\n%s", length, found, verdict)
		}
	}
}
