package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// TestQuoter: an input that holds a secret or is held by one is not quoted, however it is
// spelled; a short secret and an unrelated value change nothing.
func TestQuoter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		secret, value string
		quoted        bool
	}{
		{"hunter2-hunter2", "hunter2-hunter2", false},
		{"hunter2-hunter2", "before hunter2-hunter2 after", false},
		{"hunter2-hunter2", "ter2-hun", false},
		{"hunter2-hunter2", "HUNTER2-HUNTER2", false},
		{"hunter2\u00a0hunter2", "hunter2hunter2", false},
		{"hunter2hunter2", "hun\u200bter2 hunter2", false},
		{"  hunter2\n", "hunter2", false},
		{"abc", "abcdef", true},
		{"abcd", "abcdef", false},
		{"abcdef", "abcd", false},
		{"abcdef", "abc", true},
		{"hunter2-hunter2", "hun", true},
		{"hunter2-hunter2", "arn:aws:iam::111122223333:role/deploy", true},
		{"\u200b\u00a0\u00ad\u200b\u200b", "deploy", true},
	} {
		q := newQuoter(Inputs{RoleARN: tt.value}, []secret.Value{secret.New(tt.secret)})
		if got := q.shown("roleArn", tt.value); (got != notShown) != tt.quoted {
			t.Errorf("%q with the secret %q is said as %s", tt.value, tt.secret, got)
		}
	}
}

// TestLongValues: a value is quoted as a whole or not at all.
func TestLongValues(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{200: `"` + strings.Repeat("ü", 200) + `"`, 201: "a text of 201 characters"} {
		if got := (quoter{}).shown("roleArn", strings.Repeat("ü", n)); got != want {
			t.Errorf("%d characters are said as %s", n, got)
		}
	}
}

// TestPinBesideAWithheldMap: the role that environmentRoles chose is withheld with its
// input.
func TestPinBesideAWithheldMap(t *testing.T) {
	t.Parallel()
	_, err := step(t, map[string]string{
		"INPUT_ROLEARN": "", "INPUT_ENVIRONMENTROLES": "prod = " + roleText + "\ntest = arn:aws:iam::111122223333:role/hunter2",
		"ENDPOINT_DATA_" + connectionGUIDText + "_ROLEARN": roleText + "-2",
		"VSTS_SECRET_VARIABLES":                            `["word"]`, "SECRET_WORD": "hunter2",
	})
	f, ok := fault.As(err)
	if want := "the connection pins the role " + roleText + "-2, but environmentRoles, environment \"prod\" asks for " + notShown; !ok || !strings.Contains(f.Why, want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
}

// TestRoleOfAWithheldInput is not said, whichever input names it; that of a connection is.
func TestRoleOfAWithheldInput(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ input, roles, want string }{
		"roleArn":          {roleText, "", notShown},
		"environmentRoles": {"", "prod = " + roleText, notShown},
		"connection":       {"", "", roleText},
	} {
		s, err := step(t, map[string]string{
			"INPUT_ROLEARN": tt.input, "INPUT_ENVIRONMENTROLES": tt.roles, "ENDPOINT_DATA_" + connectionGUIDText + "_ROLEARN": roleText,
			"VSTS_SECRET_VARIABLES": `["word"]`, "SECRET_WORD": "role/deploy",
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.ShownRole(); got != tt.want {
			t.Errorf("the role of %s is said as %s, want %s", name, got, tt.want)
		}
	}
}

// TestTrimmedSecrets: the masker of the agent knows a secret with its spaces, and an input
// is used without them.
func TestTrimmedSecrets(t *testing.T) {
	t.Parallel()
	s, err := step(t, map[string]string{
		"INPUT_ROLESESSIONNAME": "hunter2", "VSTS_SECRET_VARIABLES": `["a","b","c","d"]`,
		"SECRET_A": " hunter2\n", "SECRET_B": "unter2", "SECRET_C": " elsewhere ", "SECRET_D": "  ",
	})
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, v := range s.trimmed(Inputs{RoleSessionName: "hunter2"}) {
		values = append(values, v.Reveal())
	}
	if !slices.Equal(values, []string{"hunter2"}) {
		t.Errorf("masked without their spaces are %q, want hunter2 alone", values)
	}
}

// TestAccountsToMask are all that the inputs and a pin name, wrong inputs included.
func TestAccountsToMask(t *testing.T) {
	t.Parallel()
	in := Inputs{MaskAccountID: "TRUE", RoleARN: roleText + "!", AllowedAccountIDs: "444455556666, 777788889999,1234567890123"}
	var ids []string
	for _, v := range accountsToMask(in, environment(nil)) {
		ids = append(ids, v.Reveal())
	}
	if want := []string{"111122223333", "444455556666", "777788889999"}; !slices.Equal(ids, want) {
		t.Errorf("masked are %q, want %q", ids, want)
	}
}

// TestPiecesOfAWithheldInput: a line that has nothing of the secret is withheld with the
// others, because several would show it in pieces.
func TestPiecesOfAWithheldInput(t *testing.T) {
	t.Parallel()
	q := newQuoter(Inputs{AllowedAccountIDs: "abc,def,ghi"}, []secret.Value{secret.New("abc,def,ghi")})
	if got := q.shown("allowedAccountIds", "abc"); got != notShown {
		t.Errorf("said as %s", got)
	}
}

// TestLongListsOfProblems: at most 50 lines, and a count of the rest.
func TestLongListsOfProblems(t *testing.T) {
	t.Parallel()
	var roles strings.Builder
	for i := range 500 {
		fmt.Fprintf(&roles, "env%d = arn:aws:iam::111122223333:role/r%d\n", i, i)
	}
	more := map[string]string{"bad lines": " more", "accounts": " more", "tags": " more", "no role": `"env19" and 480 more`}
	for name, changes := range map[string]map[string]string{
		"bad lines": {"INPUT_REQUIREDCLAIMS": strings.Repeat("x\n", 5000)},
		"accounts":  {"INPUT_ALLOWEDACCOUNTIDS": strings.Repeat("1,\n", 5000)},
		"tags":      {"INPUT_CHAINROLEARN": "arn:aws:iam::111122223333:role/x", "INPUT_CHAINSESSIONTAGS": strings.Repeat("=\n", 5000)},
		"no role":   {"INPUT_ROLEARN": "", "INPUT_ENVIRONMENTROLES": roles.String()},
	} {
		_, err := step(t, changes)
		f, _ := fault.As(err)
		if f == nil || f.Code != fault.Input {
			t.Errorf("%s: want AAR-INPUT, got %v", name, err)
			continue
		}
		if n := strings.Count(f.Why, "\n") + 1; n > 50 {
			t.Errorf("%s: %d lines of problems", name, n)
		}
		if len(f.Why) > 10_000 {
			t.Errorf("%s: %d bytes of problems", name, len(f.Why))
		}
		if !strings.Contains(f.Why, more[name]) {
			t.Errorf("%s: the cut is not said: %s", name, f.Why[max(0, len(f.Why)-80):])
		}
	}
}
