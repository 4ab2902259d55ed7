package checkout

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

var fuzzTest = regexp.MustCompile(`(?m)^func (Fuzz[A-Za-z0-9_]+)`)

// TestFuzz runs each fuzz test for a number of inputs, not for a time: on a loaded
// machine a deadline passes between two inputs, and that is not a finding. What an
// earlier run kept does not count, either.
func TestFuzz(t *testing.T) {
	need.Full(t)
	root := need.Root(t)
	found := 0
	for _, top := range []string{"cmd", "pkg"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, "_test.go") {
				return err
			}
			content, err := os.ReadFile(file)
			for _, m := range fuzzTest.FindAllSubmatch(content, -1) {
				found++
				t.Run(string(m[1]), func(t *testing.T) { fuzz(t, filepath.Dir(file), string(m[1])) })
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("there are no fuzz tests")
	}
}

func fuzz(t *testing.T, dir, name string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "test", "-run=^$", "-fuzz=^"+name+"$", "-fuzztime=20000x", "-test.fuzzcachedir="+t.TempDir(), ".")
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("fuzzing found something: %v\n%s", err, out)
	}
}
