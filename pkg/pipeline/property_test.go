package pipeline

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDefaultSessionName(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := job{
			Job: Job{Project: rapid.String().Draw(t, "project")}, pipeline: rapid.String().Draw(t, "pipeline"),
			runID: rapid.StringMatching(`[0-9]{1,20}`).Draw(t, "run"),
		}
		got := defaultSessionName(j)
		if !validSessionName(got) {
			t.Fatalf("%q is no session name", got)
		}
		if !strings.HasSuffix(got, j.runID) {
			t.Fatalf("%q lost the run id %s", got, j.runID)
		}
	})
}

// TestClaimRuleHoldsInOrder: what one part of a pattern has matched, the next does not.
func TestClaimRuleHoldsInOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, value string
		want           bool
	}{
		{"*ab*ab*", "abab", true},
		{"*ab*ab*", "ab", false},
		{"*ab*ab*", "aba", false},
		{"*aba*aba*", "ababa", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"*ab*b", "xab", false},
		{"*ab*b", "xabb", true},
	} {
		if got := (ClaimRule{Claim: "c", Pattern: tt.pattern}).Holds(tt.value); got != tt.want {
			t.Errorf("%q holds for %q: %v", tt.pattern, tt.value, got)
		}
	}
}

// TestClaimRuleHolds compares the matcher with a regular expression of the same meaning.
func TestClaimRuleHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab/*.]{0,6}`).Draw(t, "pattern")
		value := rapid.StringMatching(`[abA/.]{0,8}`).Draw(t, "value")
		same := `(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `\z`
		if got, want := (ClaimRule{Claim: "c", Pattern: pattern}).Holds(value), regexp.MustCompile(same).MatchString(value); got != want {
			t.Fatalf("%q holds for %q: %v, want %v", pattern, value, got, want)
		}
	})
}

func TestPairs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a-z][a-z #]{0,5}[a-z]`).Draw(t, "key")
		value := rapid.StringMatching(`[a-z=#]{1,6}`).Draw(t, "value")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		p := &problems{}
		got := pairs("x", "# comment"+end+end+"  "+key+" =  "+value+" "+end, p)
		if len(p.lines) > 0 {
			t.Fatalf("the line is refused: %q", p.lines)
		}
		if len(got) != 1 || got[0] != (pair{3, key, value}) {
			t.Fatalf("the pairs are %v, want %q and %q of line 3", got, key, value)
		}
	})
}
