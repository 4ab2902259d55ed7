package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// hasty sends the header of each answer before the request has been read, and the body
// apart from it.
type hasty struct{ services }

func (h hasty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorded := httptest.NewRecorder()
	h.services.ServeHTTP(recorded, r)
	w.WriteHeader(recorded.Code)
	_ = http.NewResponseController(w).Flush()
	_, _ = io.Copy(w, recorded.Body)
}

// TestServicesThatAnswerAtOnce repeats a step 500 times: the SDK closes the body of its
// request while net/http may still look at it, which failed one step in forty.
func TestServicesThatAnswerAtOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(hasty{services{tokenOf(ownSubject), "canary-secret", func() {}}})
	t.Cleanup(server.Close)
	env := jobOf(server.URL)
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for i := range 500 {
		var out strings.Builder
		status := cli.Run(context.Background(), cli.Env{Args: []string{"task"}, Lookup: lookup, Stdout: &out, Stderr: io.Discard, Now: time.Now, Version: "1.0.0"})
		if status != 0 || strings.Contains(out.String(), "task.complete") || strings.Contains(out.String(), "next try in") {
			t.Fatalf("step %d: status %d\n%s", i+1, status, out.String())
		}
	}
}
