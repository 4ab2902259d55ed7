package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// TestShortSessionIsWarnedOf in every mode, with its real length.
func TestShortSessionIsWarnedOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asked int32
		life  time.Duration
		want  string
	}{
		{3600, 15 * time.Minute, "a session of 15m0s instead of the 1h0m0s"},
		{1800, 1709 * time.Second, "a session of 28m29s instead of the 30m0s"},
		{1800, 1710 * time.Second, ""},
		{3600, time.Hour, ""},
		{900, 15 * time.Minute, ""},
	} {
		var b strings.Builder
		l := Log{Out: vso.NewWriter(&b, true), Step: pipeline.Step{Plan: pipeline.Plan{Role: pipeline.Role{DurationSeconds: tt.asked}}}}
		l.shortSession(tt.life)
		if tt.want == "" && b.Len() > 0 {
			t.Errorf("%d, %v: said %q", tt.asked, tt.life, b.String())
		}
		if !strings.Contains(b.String(), tt.want) {
			t.Errorf("%d, %v: said %q, want %q", tt.asked, tt.life, b.String(), tt.want)
		}
	}
}

func TestGuardsInForceAreNamed(t *testing.T) {
	t.Parallel()
	guard := pipeline.Guard{Accounts: []iam.Account{"111122223333", "444455556666"}, Claims: []pipeline.ClaimRule{{Claim: "rpo_ref", Pattern: "*"}}}
	for want, s := range map[string]pipeline.Step{
		"none (no pinned role, no allowedAccountIds, no requiredClaims)": {},
		"role pinned in the service connection":                          {Pinned: true},
		"role pinned in the service connection; allowedAccountIds 111122223333, 444455556666; requiredClaims rpo_ref": {
			Pinned: true, Plan: pipeline.Plan{Guard: guard},
		},
		"allowedAccountIds " + strings.Repeat("111122223333, ", 19) + "111122223333": {
			Plan: pipeline.Plan{Guard: pipeline.Guard{Accounts: slices.Repeat([]iam.Account{"111122223333"}, 20)}},
		},
		"allowedAccountIds " + strings.Repeat("111122223333, ", 20) + "1 more": {
			Plan: pipeline.Plan{Guard: pipeline.Guard{Accounts: slices.Repeat([]iam.Account{"111122223333"}, 21)}},
		},
	} {
		if got := guards(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
