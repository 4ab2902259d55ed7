package export

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

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
		x := Exporter{Log: &report.Log{Out: vso.NewWriter(&b, true)}}
		if f, _ := fault.As(x.Run(ctx)); f == nil || f.Code != want {
			t.Errorf("want %s, got %v", want, f)
		}
		if b.Len() != 0 {
			t.Errorf("%s: said %q", want, b.String())
		}
	}
}
