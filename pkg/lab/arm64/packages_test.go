//go:build linux

package arm64_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// TestPackages runs the tests of the program and of every shipped package as programs of
// arm64, which takes minutes. The launcher has TestLauncher.
func TestPackages(t *testing.T) {
	t.Parallel()
	need.Full(t)
	qemu, err := guest.FindQEMU(t.Context())
	guest.Need(t, err)
	list := exec.Command("go", "list", "./cmd/assume-aws-role", "./pkg/...")
	list.Dir = filepath.Join("..", "..", "..")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	// With the tag, tests that draw random policies draw fewer.
	args := []string{"test", "-timeout", "60m", "-tags", "mutants"}
	for name := range strings.FieldsSeq(string(out)) {
		if !strings.Contains(name, "/pkg/lab/") {
			args = append(args, name)
		}
	}
	env := append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0", "AAR_FULL=", "AAR_VSIX=", "CI=")
	cmd := qemu.Command(t.Context(), env, "go", args...)
	cmd.Dir = list.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go test for arm64: %v\n%s", err, out)
	}
}
