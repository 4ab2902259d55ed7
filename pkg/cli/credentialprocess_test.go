package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// TestCredentialProcessRecovers: what a panic carried could be a secret, and a client
// prints standard error.
func TestCredentialProcessRecovers(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	status := cli.Run(t.Context(), cli.Env{
		Args: []string{"credential-process", strings.Repeat("0", 32)}, Stdout: &out, Stderr: &errs, Now: time.Now,
		Executable: func() (string, error) { panic("c4n4ry") },
	})
	if status != 1 || out.Len() > 0 {
		t.Errorf("status %d with standard output %q, want 1 and none", status, &out)
	}
	if !strings.HasPrefix(errs.String(), "assume-aws-role: AAR-INTERNAL: ") || strings.Contains(errs.String(), "c4n4ry") {
		t.Errorf("standard error: %s", &errs)
	}
}
