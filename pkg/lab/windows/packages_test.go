//go:build linux

package windows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
)

// quick are the packages whose behaviour depends on the system; test --full runs the
// tests of all that is shipped.
var quick = []string{"./pkg/awsprofile", "./pkg/privatefile", "./pkg/errno", "./pkg/foreign"}

// shipped lists the packages that are not of the lab.
func shipped(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "./cmd/assume-aws-role", "./pkg/...")
	cmd.Dir = filepath.Join("..", "..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for name := range strings.FieldsSeq(string(out)) {
		if !strings.Contains(name, "/pkg/lab/") {
			list = append(list, name)
		}
	}
	return list
}

// TestPackages runs the tests of packages as Windows programs.
func TestPackages(t *testing.T) {
	t.Parallel()
	w := needWine(t)
	file, err := overlay()
	if err != nil {
		t.Fatal(err)
	}
	packages := quick
	if guest.Full() {
		packages = shipped(t)
	}
	// With the tag, tests that draw random policies draw fewer.
	run := func() ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-tags", "mutants", "-overlay", file, "-exec", w.Program()}, packages...)...)
		cmd.Dir = filepath.Join("..", "..", "..")
		cmd.Env = append(append(os.Environ(), w.Environment()...), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
		return cmd.CombinedOutput()
	}
	out, err := run()
	if err == nil {
		return
	}
	// One server of Wine's answers every call of every program, so that on a busy machine
	// locks run into their limits.
	t.Logf("go test for Windows, first run: %v\n%s", err, out)
	if out, err = run(); err != nil {
		t.Errorf("go test for Windows: %v\n%s", err, out)
	}
}
