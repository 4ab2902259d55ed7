//go:build linux

package arm64_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// TestPackages runs the tests of everything as programs of arm64, which takes minutes.
func TestPackages(t *testing.T) {
	t.Parallel()
	need.Full(t)
	qemu, err := guest.FindQEMU(t.Context())
	guest.Need(t, err)
	env := append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0", "AAR_FULL=", "AAR_VSIX=", "CI=")
	cmd := qemu.Command(t.Context(), env, "go", "test", "-timeout", "40m", "./cmd/assume-aws-role", "./pkg/...")
	cmd.Dir = filepath.Join("..", "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go test for arm64: %v\n%s", err, out)
	}
}
