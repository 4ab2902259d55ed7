package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

func TestShortSessionIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode      pipeline.ExportMode
		asked     int32
		life      time.Duration
		checkOnly bool
		want      bool
	}{
		{pipeline.ExportProfile, 3600, 15 * time.Minute, false, true},
		{pipeline.ExportBoth, 1800, 28 * time.Minute, false, true},
		{pipeline.ExportProfile, 1800, 1799 * time.Second, false, false},
		{pipeline.ExportProfile, 900, 15 * time.Minute, false, false},
		{pipeline.ExportVariables, 3600, 15 * time.Minute, false, false},
		{pipeline.ExportProfile, 3600, 15 * time.Minute, true, false},
	} {
		var b strings.Builder
		run := taskRun{out: vso.NewWriter(&b, true), account: account{step: pipeline.Step{
			CheckOnly: tt.checkOnly,
			Role:      pipeline.Role{DurationSeconds: tt.asked}, Export: pipeline.Export{Mode: tt.mode},
		}}}
		run.shortSession(tt.life)
		if got := strings.Contains(b.String(), "logissue type=warning"); got != tt.want {
			t.Errorf("%+v: %q", tt, b.String())
		}
	}
}

// TestNothingIsExportedTooLate tells a step that ran out of time from one that
// was canceled.
func TestNothingIsExportedTooLate(t *testing.T) {
	t.Parallel()
	late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for want, ctx := range map[fault.Code]context.Context{fault.Timeout: late, fault.Canceled: stopped} {
		var b strings.Builder
		run := taskRun{out: vso.NewWriter(&b, true)}
		if f, _ := fault.As(run.export(ctx)); f == nil || f.Code != want || b.Len() != 0 {
			t.Errorf("want %s, got %v and %q", want, f, b.String())
		}
	}
}
