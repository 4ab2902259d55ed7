package cli_test

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// pipelineToken is an unsigned token of a pipeline; one of its claims tries to be a
// logging command, and hides a character.
func pipelineToken() string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + part([]byte(`{"iss":"https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13",`+
		`"sub":"p://contoso-eng/payments/deploy-infra","aud":"api://AzureADTokenExchange","iat":1795392000,"nbf":1795391400,"exp":1795392300,`+
		`"def_id":"42","rpo_ref":"refs/heads/ma\u200bin ##vso[task.complete]","run_id":98765,"xms_attr":{"a":["b",1.50]}}`)) + ".c2lnbmF0dXJl"
}

const inspected = `identity               pipeline, Azure DevOps issuer
issuer                 https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
subject                p://contoso-eng/payments/deploy-infra
audience               api://AzureADTokenExchange
issued                 2026-11-23T00:00:00Z
not before             2026-11-22T23:50:00Z
expires                2026-11-23T00:05:00Z (in 5m0s)
signed with            RS256 k

in AWS:
  provider URL         https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
  client ID            api://AzureADTokenExchange
  :aud                 api://AzureADTokenExchange
  :sub                 p://contoso-eng/payments/deploy-infra

other claims:
  def_id               42
  rpo_ref              "refs/heads/ma\u200bin #\x23vso[task.complete]"
  run_id               98765
  xms_attr             {"a":["b",1.50]}

The signature was not checked.
`

// utf16Text is what Windows PowerShell writes to a file.
func utf16Text(s string, mark string, order binary.ByteOrder) string {
	out := []byte(mark)
	for _, unit := range utf16.Encode([]rune(s)) {
		out = append(out, 0, 0)
		order.PutUint16(out[len(out)-2:], unit)
	}
	return string(out)
}

// TestTokenInspect gives every form in which people hold a token.
func TestTokenInspect(t *testing.T) {
	t.Parallel()
	token := pipelineToken()
	for name, text := range map[string]string{
		"bare":           token,
		"a line":         token + "\r\n",
		"broken up":      token[:40] + "\n  " + token[40:80] + "\n" + token[80:],
		"Bearer":         "Bearer " + token + "\n",
		"bearer":         "bearer  " + token,
		"quoted":         `"` + token + `"`,
		"quoted Bearer":  `"Bearer ` + token + `"`,
		"the endpoint's": `{"oidcToken": "` + token + `"}`,
		"Entra's":        `{"token_type":"Bearer","expires_in":3599,"access_token":"` + token + `"}`,
		"UTF-8 mark":     "\xef\xbb\xbf" + token,
		"UTF-16 LE":      utf16Text(token+"\r\n", "\xff\xfe", binary.LittleEndian),
		"UTF-16 BE":      utf16Text(token+"\r\n", "\xfe\xff", binary.BigEndian),
	} {
		status, stdout, stderr := run(text, "token", "inspect")
		if status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s", name, status, stderr)
		}
		if diff := cmp.Diff(inspected, stdout); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestInspectTheLeastToken: what a token lacks has neither a line nor a heading.
func TestInspectTheLeastToken(t *testing.T) {
	t.Parallel()
	const want = `identity               service connection, Azure DevOps issuer
issuer                 https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
subject                sc://contoso-eng/payments/aws-prod
audience               api://AzureADTokenExchange
expires                (no time of expiry)
signed with            RS256

in AWS:
  provider URL         https://vstoken.dev.azure.com/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13
  client ID            api://AzureADTokenExchange
  :aud                 api://AzureADTokenExchange
  :sub                 sc://contoso-eng/payments/aws-prod

The signature was not checked.
`
	status, stdout, stderr := run(tokenOf(ownSubject), "token", "inspect")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, %s", status, stderr)
	}
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
}

// TestInspectHidesNoClaim: one of the wrong type or without a value is shown as it is.
func TestInspectHidesNoClaim(t *testing.T) {
	t.Parallel()
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(`{"iss":"https://i","sub":"s","aud":["a",5],"azp":7,"iat":"abc","nbf":true,"exp":"soon","rpo_ref":"","none":null}`)) + ".c2ln"
	const want = `identity               token of an unknown kind
issuer                 https://i
subject                s
audience               a
expires                (exp is not a time)
signed with            RS256

in AWS:
  provider URL         https://i
  client ID            a
  :aud                 a
  :sub                 s

other claims:
  aud                  ["a",5]
  azp                  7
  exp                  soon
  iat                  abc
  nbf                  true
  none                 null
  rpo_ref              ""

The signature was not checked.
`
	status, stdout, stderr := run(token, "token", "inspect")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, %s", status, stderr)
	}
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
}

// TestInspectAroundTheExpiry: a token has expired from its instant on, and the words, the
// field and the status say the same, also within the second.
func TestInspectAroundTheExpiry(t *testing.T) {
	t.Parallel()
	expiry := time.Unix(1_795_392_300, 0)
	for _, tt := range []struct {
		now    time.Time
		says   string
		status int
	}{
		{expiry.Add(-90 * time.Second), "(in 1m30s)", 0},
		{expiry.Add(-400 * time.Millisecond), "(in 0s)", 0},
		{expiry.Add(-1), "(in 0s)", 0},
		{expiry, "(expired 0s ago)", 3},
		{expiry.Add(400 * time.Millisecond), "(expired 0s ago)", 3},
		{expiry.Add(90 * time.Second), "(expired 1m30s ago)", 3},
		{expiry.AddDate(300, 0, 0), "(expired 2562047h47m16.854775807s ago)", 3}, // the longest duration
	} {
		at := func(e *cli.Env) {
			e.Stdin, e.Now = strings.NewReader(pipelineToken()), func() time.Time { return tt.now }
		}
		text := command(t, nil, at, "token", "inspect")
		if text.status != tt.status || !strings.Contains(text.out, "\nexpires                2026-11-23T00:05:00Z "+tt.says+"\n") {
			t.Errorf("at %v: status %d, want %d and %q in\n%s", tt.now, text.status, tt.status, tt.says, text.out)
		}
		var report struct{ Expired bool }
		document := command(t, nil, at, "token", "inspect", "--format", "json")
		decodeJSON(t, document.out, &report)
		if document.status != tt.status || report.Expired != (tt.status == 3) {
			t.Errorf("at %v, as JSON: status %d, want %d; expired is %v", tt.now, document.status, tt.status, report.Expired)
		}
	}
}

// TestJSONIsPlainASCII: nothing outside printable ASCII, and no logging command.
func TestJSONIsPlainASCII(t *testing.T) {
	t.Parallel()
	_, stdout, _ := run(pipelineToken(), "token", "inspect", "--format", "json")
	if i := strings.IndexFunc(stdout, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }); i >= 0 || strings.Contains(stdout, "##") {
		t.Errorf("not plain at %d:\n%s", i, stdout)
	}
	if !strings.Contains(stdout, `"rpo_ref": "refs/heads/ma\u200bin #\u0023vso[task.complete]"`) {
		t.Errorf("the claim is not escaped:\n%s", stdout)
	}
	for form, written := range map[string]string{"\U0001F600": `\ud83d\ude00`, "\u007f": `\u007f`, "é": `\u00e9`, "###": `#\u0023#`, " !}~": " !}~"} {
		file := t.TempDir() + "/claims.json"
		write(t, file, `{"iss":"https://i","sub":"s","aud":"a"}`)
		_, stdout, _ := run(`{"Statement":{"Sid":"`+form+`","Effect":"Deny","Principal":"*","Action":"*"}}`, "trust-policy", "check", "--policy", "-", "--claims", file, "--format", "json")
		var report struct {
			Decision struct{ Statements []struct{ Sid string } }
		}
		decodeJSON(t, stdout, &report)
		if got := report.Decision.Statements[0].Sid; got != form || !strings.Contains(stdout, `"sid": "`+written+`"`) {
			t.Errorf("%q comes back as %q, want it written as %s in\n%s", form, got, written, stdout)
		}
	}
}

// TestInspectedTokenIsClaims: check takes what inspect writes.
func TestInspectedTokenIsClaims(t *testing.T) {
	t.Parallel()
	_, report, _ := run(pipelineToken(), "token", "inspect", "--format", "json")
	file := t.TempDir() + "/inspected.json"
	write(t, file, report)
	_, policy, _ := run("", strings.Fields("trust-policy generate --identity pipeline --account 111122223333 --org contoso-eng --org-id 0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13 --project payments --pipeline deploy-infra")...)
	status, stdout, stderr := run(policy, "trust-policy", "check", "--policy", "-", "--claims", file)
	if status != 0 || !strings.HasPrefix(stdout, "ADMITTED: pipeline, Azure DevOps issuer\n") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}

func TestUnreadableInputs(t *testing.T) {
	t.Parallel()
	claims := t.TempDir() + "/claims.json"
	write(t, claims, `{"iss":"https://i","sub":"s","aud":"a"}`)
	for name, c := range map[string]struct{ input, args, want string }{
		"not a token":      {"hello", "token inspect", "Why: standard input: the token is not a signed JSON web token"},
		"no token at all":  {"", "token inspect", "Why: standard input: the token is not a signed JSON web token"},
		"another answer":   {`{"oidcToken":null}`, "token inspect", "Why: standard input: the token is not a signed JSON web token"},
		"incomplete token": {"eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhIn0.c2ln", "token inspect", "Why: standard input: the token lacks claims that AWS STS requires: iss, sub"},
		"claims":           {"[]", "trust-policy check --policy " + claims + " --claims -", "Why: --policy: not an IAM policy document"},
		"too large":        {strings.Repeat(" ", 4<<20+1), "token inspect", "Why: standard input: the input is larger than 4 MiB"},
		"a directory":      {"", "token inspect --file .", "Why: --file: this flag names a directory, not a regular file"},
	} {
		status, stdout, stderr := run(c.input, strings.Fields(c.args)...)
		if status != 1 || stdout != "" {
			t.Errorf("%s: status %d, %q", name, status, stdout)
		}
		if !strings.HasPrefix(stderr, "assume-aws-role: AAR-COMMAND: the command failed\n") || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: got %q, want %q", name, stderr, c.want)
		}
	}
}
