package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// TestEndedBeforeTheFirstRequest: what a step reads before it counts inside
// timeoutSeconds, and a cancel then is a cancel.
func TestEndedBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(server.Close)
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for code, ctx := range map[string]context.Context{"AAR-TIMEOUT": late, "AAR-CANCELED": stopped} {
		env := jobOf(server.URL)
		env["INPUT_EXPORTAS"], env["AGENT_TEMPDIRECTORY"] = "profile", t.TempDir()
		lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
		checkOutcome(t, ctx, lookup, code)
	}
	if requests.Load() != 0 {
		t.Errorf("%d requests", requests.Load())
	}
}

// TestCancelEndsTheReadingOfInput: a command that waits for standard input ends when it
// is asked to.
func TestCancelEndsTheReadingOfInput(t *testing.T) {
	t.Parallel()
	silent, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{"token", "inspect"}, {"trust-policy", "check", "--policy", "-", "--claims", "x"}} {
		var errs strings.Builder
		status := cli.Run(ctx, cli.Env{Args: args, Stdin: silent, Stdout: io.Discard, Stderr: &errs, Now: time.Now})
		if status != 1 || !strings.Contains(errs.String(), "the command was canceled while it read its input") {
			t.Errorf("%v: status %d, %s", args, status, errs.String())
		}
	}
}
