package windows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
)

// quick are the packages whose behaviour depends on the system; test --full runs the
// tests of all shipped packages.
var quick = []string{"./pkg/awsprofile", "./pkg/privatefile", "./pkg/errno"}

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
		packages = []string{"./cmd/assume-aws-role", "./pkg/..."}
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-v", "-overlay", file, "-exec", w.Program()}, packages...)...)
	cmd.Dir = filepath.Join("..", "..", "..")
	cmd.Env = append(append(os.Environ(), w.Environment()...), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("go test for Windows: %v\n%s", err, out)
	}
}
