package pipeline

import (
	"fmt"
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
		if !strings.Contains(f.Why, " more") {
			t.Errorf("%s: the cut is not said", name)
		}
	}
}
