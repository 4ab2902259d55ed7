package exchange

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// TestPropagation counts the calls that a role or provider created just now gets.
func TestPropagation(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait     bool
		retry    fault.Retry
		deadline time.Duration
		succeeds int // the call that succeeds; 0 for none
		calls    int
		took     time.Duration
	}{
		"not asked for":   {false, fault.Propagation, 2 * time.Minute, 0, 1, 0},
		"never visible":   {true, fault.Propagation, 2 * time.Minute, 0, 6, 30 * time.Second},
		"visible in time": {true, fault.Propagation, 2 * time.Minute, 3, 3, 3 * time.Second},
		"time in full":    {true, fault.Propagation, 30*time.Second + 1, 0, 6, 30 * time.Second},
		"no time left":    {true, fault.Propagation, 20 * time.Second, 0, 5, 15 * time.Second},
		"of no use":       {true, fault.Never, 2 * time.Minute, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				told := 0
				r := &run{opt: silent}
				r.opt.Retrying = func(got Retry) {
					told++
					if got.Attempt != told+1 || got.Attempts != 6 {
						t.Errorf("repetition %d is told as attempt %d of %d, want %d of 6", told, got.Attempt, got.Attempts, told+1)
					}
				}
				r.plan.WaitForPropagation = tt.wait
				calls, start := 0, time.Now()
				_, err := r.patiently(ctx, "first role", func(context.Context) (iam.Session, error) {
					if calls++; calls == tt.succeeds {
						return iam.Session{}, nil
					}
					return iam.Session{}, &fault.Fault{Code: fault.STSAccessDenied, Retry: tt.retry}
				})
				if calls != tt.calls || time.Since(start) != tt.took {
					t.Errorf("%d calls in %v, want %d in %v", calls, time.Since(start), tt.calls, tt.took)
				}
				if told != calls-1 {
					t.Errorf("told of %d repetitions, want %d", told, calls-1)
				}
				err = overall(ctx, err)
				want := fault.STSAccessDenied
				if tt.succeeds > 0 {
					want = ""
				}
				if codeOf(err) != want {
					t.Errorf("error %v, want %q", err, want)
				}
			})
		})
	}
}

// TestOverall names the cause that stopped a run from outside.
func TestOverall(t *testing.T) {
	t.Parallel()
	denied := &fault.Fault{Code: fault.STSUnavailable, Summary: "down", Details: []string{"id: 7"}}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, stop := context.WithTimeout(t.Context(), -time.Second)
	defer stop()
	for _, tt := range []struct {
		ctx  context.Context
		err  error
		want fault.Code
	}{
		{t.Context(), denied, fault.STSUnavailable},
		{t.Context(), errMalformed, fault.Internal},
		{canceled, denied, fault.Canceled},
		{late, denied, fault.Timeout},
	} {
		f, ok := fault.As(overall(tt.ctx, tt.err))
		if !ok || f.Code != tt.want {
			t.Errorf("error %v, want %s", f, tt.want)
		}
	}
	if overall(canceled, nil) != nil {
		t.Error("a run that succeeded is an error")
	}
}

// TestTransient: what is no refusal lets live credentials serve on.
func TestTransient(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]bool{
		fault.OIDCUnreachable: true, fault.OIDCUnavailable: true, fault.OIDCThrottled: true, fault.OIDCPlanSecurity: true, fault.EntraUnavailable: true,
		fault.STSUnreachable: true, fault.STSUnavailable: true, fault.STSThrottled: true, fault.STSIDPConnection: true, fault.Timeout: true,
		fault.OIDCUnauthorized: false, fault.OIDCForbidden: false, fault.STSAccessDenied: false, fault.ClaimMismatch: false,
		fault.AccountMismatch: false, fault.HostUntrusted: false, fault.Internal: false,
	} {
		if Transient(&fault.Fault{Code: code}) != want {
			t.Errorf("Transient(%s) = %v", code, !want)
		}
	}
}
