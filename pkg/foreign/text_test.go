package foreign

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzYzovL28vcC9jIiwiYXVkIjoiYSJ9.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4"

func knowing(values ...string) *Secrets {
	s := &Secrets{}
	for _, v := range values {
		s.Add(secret.New(v))
	}
	return s
}

// TestQuoteShowsNoPartOfASecret echoes a token as a hostile server could.
func TestQuoteShowsNoPartOfASecret(t *testing.T) {
	t.Parallel()
	known := knowing(token, "pr0xy/p@ss")
	spaced := strings.Join(strings.Split(token, ""), " ")
	wrapped := ""
	for i := 0; i < len(token); i += 10 {
		wrapped += token[i:min(i+10, len(token))] + "\r\n\t"
	}
	for name, tt := range map[string]struct{ text, want string }{
		"whole":         {"the token " + token + " is bad", "the token (secret removed) is bad"},
		"cut":           {"the token " + token[:40] + "… is bad", "the token (secret removed)… is bad"},
		"its middle":    {"got " + token[30:50], "got (secret removed)"},
		"no more":       {token[30:50], "(secret removed)"},
		"spaced":        {"got " + spaced + "!", "got (secret removed)!"},
		"wrapped":       {"got " + wrapped + " end", "got (secret removed) end"},
		"upper case":    {"got " + strings.ToUpper(token), "got (secret removed)"},
		"zero width":    {"got " + strings.Join(strings.Split(token, ""), "\u200b"), "got (secret removed)"},
		"quoted":        {`got "` + token[:20] + `", "` + token[20:] + `"`, `got "(secret removed)"`},
		"a short one":   {"user u, password pr0xy/p@ss", "user u, password (secret removed)"},
		"encoded":       {"password " + url.QueryEscape("pr0xy/p@ss"), "password pr0xy%2Fp%40ss"}, // the masker knows this form
		"nothing of it": {"The role eyJ0eXAiOiJKV1 is unknown", "The role eyJ0eXAiOiJKV1 is unknown"},
	} {
		if got := known.Quote(tt.text); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestQuoteLeavesNoRun cuts a secret into pieces and joins them with anything but
// letters and digits.
func TestQuoteLeavesNoRun(t *testing.T) {
	t.Parallel()
	separator := rapid.SampledFrom([]string{" ", "\n", "-", ".", "\u00a0", "&#", "=", "\"", ", "})
	rapid.Check(t, func(t *rapid.T) {
		secretText := rapid.StringMatching(`[A-Za-z0-9_.=+/-]{30,300}`).Draw(t, "secret")
		from := rapid.IntRange(0, len(secretText)-1).Draw(t, "from")
		to := rapid.IntRange(from, len(secretText)).Draw(t, "to")
		var b strings.Builder
		for _, c := range secretText[from:to] {
			b.WriteRune(c)
			if rapid.Bool().Draw(t, "cut") {
				b.WriteString(separator.Draw(t, "separator"))
			}
		}
		quoted := strings.ReplaceAll(knowing(secretText).Quote("echo: "+b.String()), removed, "|")
		shown, _ := lettersOf(quoted)
		hidden, _ := lettersOf(secretText)
		for i := 0; i+run <= len(shown); i++ {
			if strings.Contains(hidden, shown[i:i+run]) {
				t.Fatalf("%q shows a part of %q", quoted, secretText)
			}
		}
	})
}

// TestRepetitiveSecret echoes a token whose parts are alike; that must not cost more than
// another one does.
func TestRepetitiveSecret(t *testing.T) {
	t.Parallel()
	long := "head." + strings.Repeat("QUFB", 1<<14) + ".tail"
	for text, want := range map[string]string{
		"the token " + long + " is bad":   "the token (secret removed) is bad",
		"the token " + long[:6000] + ".":  "the token (secret removed).",
		"AAAQUFBQUFBQUFBQUFBAAA":          "AAA(secret removed)AAA",
		strings.Repeat("QUFB", 3) + "QUF": strings.Repeat("QUFB", 3) + "QUF",
	} {
		if got := knowing(long).Remove(text); got != want {
			t.Errorf("%.60q: %.60q, want %q", text, got, want)
		}
	}
}

// TestQuoteKeepsWordsWhole because the masker of the log knows secrets as a whole.
func TestQuoteKeepsWordsWhole(t *testing.T) {
	t.Parallel()
	var none *Secrets
	long := strings.Repeat("eyJhbGciOi_-.", 40)
	for text, want := range map[string]string{
		"a\n b\x00":                                    "a b\x00",
		"token " + long + " is bad":                    "token (520 characters left out) is bad",
		strings.Repeat("word ", 102) + "longer":        strings.Repeat("word ", 102) + "…",
		"/eid1/c/pub/t/" + strings.Repeat("a", 146):    "/eid1/c/pub/t/" + strings.Repeat("a", 146),
		"/eid1/c/pub/t/" + strings.Repeat("a", 147):    "(161 characters left out)",
		strings.Repeat("é", 257):                       strings.Repeat("é", 256) + "…",
		strings.Repeat(`{"a":"`, 80) + "0123456789abc": strings.Repeat(`{"a":"`, 80) + "0123456789abc",
	} {
		if got := none.Quote(text); got != want {
			t.Errorf("Quote(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestAlphabets: what is compared are letters and digits, and a word is whatever a token
// or a key may consist of.
func TestAlphabets(t *testing.T) {
	t.Parallel()
	letters, at := lettersOf("@AZ[`az{/09:é")
	if want := []int{1, 2, 5, 6, 9, 10}; letters != "azaz09" || !slices.Equal(at, want) {
		t.Errorf("the letters are %q at %d, want azaz09 at %d", letters, at, want)
	}
	const whole = "azAZ09-_.+/=~"
	for next, end := range map[string]int{"": 1, "`": 1, "{": 1, "@": 1, "[": 1, ":": 1, ",": 1, "é": 2} {
		if n := word(whole + next); n != len(whole) {
			t.Errorf("the word before %q has %d characters, want %d", next, n, len(whole))
		}
		if n := word(next + "a"); n != end {
			t.Errorf("%q begins a word of %d bytes, want %d", next, n, end)
		}
	}
}

// BenchmarkAdd is what a step's tokens and credentials cost once.
func BenchmarkAdd(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		knowing(strings.Repeat(token, 8), strings.Repeat("job", 30)+token, strings.Repeat("k3y/", 10), strings.Repeat("IQoJb3JpZ2luX2Vj", 60))
	}
}

// BenchmarkRemove is what every line of a step's log costs, with what a step knows.
func BenchmarkRemove(b *testing.B) {
	known := knowing(strings.Repeat(token, 8), strings.Repeat("job", 30)+token, strings.Repeat("k3y/", 10), strings.Repeat("IQoJb3JpZ2luX2Vj", 60))
	b.ReportAllocs()
	for b.Loop() {
		known.Remove("token valid:   from 2026-11-26T01:26:58Z to 2026-11-26T01:31:58Z, subject sc://contoso-eng/payments/aws-prod")
	}
}
