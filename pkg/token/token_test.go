package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/token"
)

type vector struct {
	Header  struct{ Kid, Alg string }
	Payload json.RawMessage
	JWT     string
}

func readVector(t *testing.T, path string) vector {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestInspectReadsWhatTheVectorsSay(t *testing.T) {
	t.Parallel()
	paths, _ := filepath.Glob("../claims/testdata/vectors/*.json")
	if len(paths) < 14 {
		t.Fatalf("found %d vectors, want 14", len(paths))
	}
	for _, path := range paths {
		v := readVector(t, path)
		want, err := claims.Parse(v.Payload)
		if err != nil {
			t.Fatal(err)
		}
		want.KeyID, want.Algorithm = v.Header.Kid, v.Header.Alg
		got, err := token.Inspect(secret.New(v.JWT))
		if err != nil {
			t.Errorf("%s is refused: %v", path, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestInspectTakesNoBlanks because what is read must be what is sent.
func TestInspectTakesNoBlanks(t *testing.T) {
	t.Parallel()
	signed := readVector(t, "../claims/testdata/vectors/A-vstoken-sc.json").JWT
	for _, blank := range []string{"\n", "\r\n", " ", "\t"} {
		for _, text := range []string{signed + blank, blank + signed, signed[:40] + blank + signed[40:]} {
			if _, err := token.Inspect(secret.New(text)); !errors.Is(err, token.ErrMalformed) {
				t.Errorf("a token with %q: error %v, want ErrMalformed", blank, err)
			}
		}
	}
}

// The longest token that AWS STS accepts is read, one character more is refused.
func TestInspectBoundsTheLength(t *testing.T) {
	t.Parallel()
	signed := readVector(t, "../claims/testdata/vectors/A-vstoken-sc.json").JWT
	longest := signed + strings.Repeat("A", token.MaxLength-len(signed))
	if _, err := token.Inspect(secret.New(longest)); err != nil {
		t.Errorf("%d characters are refused: %v", len(longest), err)
	}
	if _, err := token.Inspect(secret.New(longest + "A")); !errors.Is(err, token.ErrTooLong) {
		t.Errorf("%d characters: error %v, want ErrTooLong", len(longest)+1, err)
	}
}

func FuzzInspect(f *testing.F) {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	f.Add(part(`{"alg":"RS256"}`) + "." + part(`{"iss":"i","sub":"s","aud":["a"],"exp":1e99}`) + ".c2ln")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := token.Inspect(secret.New(text))
		if err != nil {
			if len(text) > 40 && strings.Contains(err.Error(), text) {
				t.Error("the error quotes the token")
			}
			return
		}
		if c.Issuer == "" || c.Subject == "" {
			t.Errorf("claims without issuer or subject were taken: %+v", c)
		}
		if len(c.Audience) == 0 {
			t.Errorf("claims without an audience were taken: %+v", c)
		}
		_, _ = c.Flavour(), c.AWS()
	})
}

func TestIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a.b.c":                      "a.b.c",
		" a.b\r\n\t.c\n":             "a.b.c",
		"Bearer a.b.c":               "a.b.c",
		"BEARER\n a.b\n.c":           "a.b.c",
		"Bearer":                     "Bearer",
		"bearera.b.c":                "bearera.b.c",
		`"a.b.c"`:                    "a.b.c",
		`"Bearer a.b.c"`:             "a.b.c",
		`{"oidcToken":"a.b.c"}`:      "a.b.c",
		`{"access_token":"a.b.c"}`:   "a.b.c",
		`{"oidcToken":"Bearer a.b"}`: "a.b",
		`{"token":"a.b.c"}`:          `{"token":"a.b.c"}`,
		`{"oidcToken":1}`:            `{"oidcToken":1}`,
		"":                           "",
	} {
		if got := token.In([]byte(text)).Reveal(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
