package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

const (
	roleDeploy = "arn:aws:iam::111122223333:role/deploy"
	subject    = "sc://contoso-eng/payments/aws-prod"
)

// runWith is a run of the role deploy in a job with secret variables.
func runWith(secrets ...string) Run {
	role, _ := iam.ParseRoleARN(roleDeploy)
	presented := claims.FromMap(map[string]any{"iss": "https://vstoken.dev.azure.com/0f8a7c52", "sub": subject, "aud": "api://AzureADTokenExchange", "rpo_ref": "refs/heads/main"})
	r := Run{Plan: pipeline.Plan{Role: pipeline.Role{ARN: role}}, Result: exchange.Result{Presented: &presented}}
	r.Result.Session.AssumedRoleARN = "arn:aws:sts::111122223333:assumed-role/deploy/payments-42"
	for _, s := range secrets {
		r.Masked = append(r.Masked, secret.New(s))
	}
	return r
}

func TestReadable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, secret, text, want string
	}{
		{"nothing masked", "unrelated", "role: " + roleDeploy, "role: " + roleDeploy},
		{"a whole value", subject, "sub = " + subject + ".", `sub = "sc://contoso-eng/payments/" + "aws-prod".`},
		{"a part of a value", "payments", "sub = " + subject, `sub = "sc://contoso-eng/paym" + "ents/aws-prod"`},
		{"two parts", "a", "sub = " + subject, "sub = " + subject}, // one character garbles the log whatever is written
		{"several occurrences", "ay", "sub = sc://contoso-eng/payments/aws-prod", `sub = "sc://contoso-eng/pa" + "yments/aws-prod"`},
		{"an account in a role", "111122223333", roleDeploy, `"arn:aws:iam::111122" + "223333:role/deploy"`},
		{"a role and its account", roleDeploy, roleDeploy, `"arn:aws:iam::111122223333:role/" + "deploy"`},
		{"a separator before a role's name", "/deploy", roleDeploy, `"arn:aws:iam::111122223333:role/" + "deploy"`},
		{"a claim in quotes", "main", `the token says "refs/heads/main"`, `the token says "refs/heads/ma" + "in"`},
		{"text of others stays", "payments", "connection payments is not there", "connection payments is not there"},
		{"the session's name stays", "payments-42", "arn:aws:sts::111122223333:assumed-role/deploy/payments-42", "arn:aws:sts::111122223333:assumed-role/deploy/payments-42"},
		{"a secret with spaces around", "  deploy\r\n", roleDeploy, `"arn:aws:iam::111122223333:role/dep" + "loy"`},
	} {
		if diff := cmp.Diff(tt.want, runWith(tt.secret).readable(tt.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestMaskedTextsThatOverlap are parted in one place where one parts them all.
func TestMaskedTextsThatOverlap(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		secrets     []string
		value, want string
	}{
		{[]string{"payments", "nts/aws"}, subject, `"sc://contoso-eng/paymen" + "ts/aws-prod"`},
		{[]string{"payments", "nts/", "s/aws", "aws-p"}, subject, `"sc://contoso-eng/paymen" + "ts/a" + "ws-prod"`},
		{[]string{"rö", "öß"}, "größe", `"gr" + "ö" + "ße"`}, // nothing parts the one character that they share
	} {
		r := runWith(tt.secrets...)
		r.Result.Presented.Subject = tt.value
		if got := r.readable(tt.value); got != tt.want {
			t.Errorf("with %q masked: got %s, want %s", tt.secrets, got, tt.want)
		}
	}
}

// TestValueThatBeginsWithAnother is written whole.
func TestValueThatBeginsWithAnother(t *testing.T) {
	t.Parallel()
	r := runWith("deploy")
	r.Plan.Chain = &pipeline.Chain{ARN: role(t, roleDeploy+"-2")}
	if got, want := r.readable(roleDeploy+"-2"), `"arn:aws:iam::111122223333:role/dep" + "loy-2"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestMaskedAccountStays: what the step is asked to mask is not written in pieces.
func TestMaskedAccountStays(t *testing.T) {
	t.Parallel()
	r := runWith("111122223333", "deploy")
	r.Plan.MaskAccountID = true
	if got, want := r.readable(roleDeploy), `"arn:aws:iam::111122223333:role/dep" + "loy"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := r.readableJSON(`"`+roleDeploy+`"`), `"arn:aws:iam::111122223333:role/dep\u006coy"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadableJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ secret, document, want string }{
		{"payments", `{"sub": "sc://contoso-eng/payments/aws-prod"}`, `{"sub": "sc://contoso-eng/paym\u0065nts/aws-prod"}`},
		{subject, `{"sub": "` + subject + `"}`, `{"sub": "sc:\//contoso-eng/payments/aws-prod"}`},
		{"/contoso-eng/payments", `{"sub": "` + subject + `"}`, `{"sub": "sc://contoso-eng\/payments/aws-prod"}`},
		{"StringEquals", `{"StringEquals": 1}`, `{"String\u0045quals": 1}`},
		{`a\u0026b`, `{"x": "a\u0026b"}`, `{"x": "a\u0026\u0062"}`},
		{`a"b`, `{"x": "a\"b"}`, `{"x": "a\"\u0062"}`},
		{"\x7f\x7f", "{\"x\": \"\x7f\x7f\"}", "{\"x\": \"\x7f\\u007f\"}"},
		{"a–b", `{"x": "a–b"}`, `{"x": "\u0061–b"}`},
		{`": "`, `{"x": "y"}`, `{"x": "y"}`}, // nothing in it can be escaped
		{"ä", `{"x": "ä"}`, `{"x": "ä"}`},
	} {
		if diff := cmp.Diff(tt.want, runWith(tt.secret).readableJSON(tt.document)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.secret, diff)
		}
	}
}

// TestReadableJSONLooksAgain where an escape makes a masked text of what follows it, also
// when that happens again.
func TestReadableJSONLooksAgain(t *testing.T) {
	t.Parallel()
	got, want := runWith("ab", "cd", "4e", "5f").readableJSON(`{"x": "abcdef"}`), `{"x": "a\u0062c\u0064\u0065\u0066"}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// fewest is how many pieces a value needs: those of which each is as long as it can be.
func fewest(value string, masks []string) int {
	n, from := 1, 0
	for to := range value {
		if slices.ContainsFunc(masks, func(m string) bool { return strings.Contains(value[from:to+1], m) }) {
			n, from = n+1, to
		}
	}
	return n
}

// TestPiecesHoldNothingMasked, whatever is masked, are the value when joined, and are as
// few as can be.
func TestPiecesHoldNothingMasked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[ab/:]{4,30}`).Draw(t, "value")
		masks := rapid.SliceOfN(rapid.StringMatching(`[ab/:]{2,6}`), 1, 4).Draw(t, "masks")
		got := Run{}.pieces(value, masks)
		joined := strings.ReplaceAll(strings.Trim(got, `"`), `" + "`, "")
		if joined != value {
			t.Fatalf("%s became %s", value, got)
		}
		pieces := strings.Split(got, `" + "`)
		if n := fewest(value, masks); len(pieces) != n {
			t.Fatalf("%s became %s with %q masked, want %d pieces", value, got, masks, n)
		}
		for _, piece := range pieces {
			for _, m := range masks {
				if strings.Contains(piece, m) {
					t.Fatalf("%s became %s, where %s is masked", value, got, m)
				}
			}
		}
	})
}

// TestDocumentsHoldNothingMasked: a document means the same, and no string of it holds a
// masked text.
func TestDocumentsHoldNothingMasked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab/:"\\\n&]{4,30}`).Draw(t, "text")
		masks := rapid.SliceOfN(rapid.StringMatching(`[ab/:]{2,6}`), 1, 4).Draw(t, "masks")
		document, _ := json.MarshalIndent(map[string]string{"aa": text}, "", "  ")
		got := runWith(masks...).readableJSON(string(document))
		var back map[string]string
		if json.Unmarshal([]byte(got), &back) != nil || back["aa"] != text {
			t.Fatalf("%s became %s", document, got)
		}
		for _, m := range masks {
			if strings.Contains(got, m) && m != `":` {
				t.Fatalf("%s became %s, where %s is masked", document, got, m)
			}
		}
	})
}

// TestKept: a renewal gets of the secrets only what is told anyway.
func TestKept(t *testing.T) {
	t.Parallel()
	r := runWith("payments", "canary-password", "111122223333", "refs/heads")
	if diff := cmp.Diff([]string{"payments", "111122223333", "refs/heads"}, r.Kept()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	renewed := runWith()
	renewed.Plan.Masked = r.Kept()
	if got, want := renewed.readable(subject), r.readable(subject); got != want {
		t.Errorf("a renewal writes %s, the step %s", got, want)
	}
}

// TestShortParameter: a connection's parameter that is too short for what is told garbles
// nothing.
func TestShortParameter(t *testing.T) {
	t.Parallel()
	r := runWith()
	r.Plan.Masked = []string{"e", "de", "serve", "orders"}
	for text, want := range map[string]string{
		"the server answered": "the server answered",
		"the orders":          `the "ord" + "ers"`,
		roleDeploy:            `"arn:aws:iam::111122223333:role/d" + "eploy"`,
	} {
		if got := r.readable(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestEveryToldValueIsReadable: the second role, the audience asked of Entra, and a text
// of two-byte characters.
func TestEveryToldValueIsReadable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"arn:aws:iam::444455556666:role/second": `"arn:aws:iam::444455556666:role/sec" + "ond"`,
		"api://orders":                          `"api://ord" + "ers"`,
		"main: größe":                           `main: "grö" + "ße"`,
	} {
		r := runWith("second", "orders", "öß")
		r.Plan.Chain = &pipeline.Chain{ARN: role(t, "arn:aws:iam::444455556666:role/second")}
		r.Plan.Entra = &pipeline.EntraExchange{Audience: "api://orders"}
		r.Result.Presented.Subject = "größe"
		if got := r.readable(text); got != want {
			t.Errorf("%s is written as %s, want %s", text, got, want)
		}
	}
	r := runWith("ß")
	r.Result.Presented.Subject = "größe"
	if got := r.readable("größe"); got != "größe" {
		t.Errorf("one character is written as %s", got)
	}
}

// TestReadableLink: what is escaped of the path leads to the same page; host and fragment
// stay as they are.
func TestReadableLink(t *testing.T) {
	t.Parallel()
	const link = "https://dev.azure.com/contoso-eng/payments%20old/_settings/x#denial=payments"
	for masked, want := range map[string]string{
		"unrelated":     link,
		"payments":      "https://dev.azure.com/contoso-eng/paym%65nts%20old/_settings/x#denial=payments",
		"dev.azure.com": link,
		"g/p":           link,
		"ts%20o":        link,
		"eng":           "https://dev.azure.com/contoso-e%6Eg/payments%20old/_settings/x#denial=payments",
	} {
		if got := runWith(masked).readableLink(link); got != want {
			t.Errorf("with %s masked the link is %s, want %s", masked, got, want)
		}
	}
	for project, masked := range map[string][]string{
		"payme%6Ets":   {"payments", "ment"},
		"paymen%74s":   {"payments", "nts"},
		"p%61yme%6Ets": {"pay", "yments"},
	} {
		want := strings.Replace(link, "payments", project, 1)
		if got := runWith(masked...).readableLink(link); got != want {
			t.Errorf("with %q masked the link is %s, want %s", masked, got, want)
		}
	}
	r := runWith("111122223333")
	r.Plan.MaskAccountID = true
	if got, numbered := r.readableLink("https://dev.azure.com/o/111122223333/x#y"), "https://dev.azure.com/o/111122223333/x#y"; got != numbered {
		t.Errorf("an account that stays masked is written as %s", got)
	}
}
