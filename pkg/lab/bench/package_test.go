package bench

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/release"
)

// packed is the packed extension, extracted, and its program for this platform; without
// a package, the test is skipped by name.
func packed(t *testing.T) (vsix, task, bin string) {
	t.Helper()
	vsix = os.Getenv("AAR_VSIX")
	if vsix == "" {
		t.Skip("missing: the packed extension (./build.sh test makes it and sets AAR_VSIX)")
	}
	task = t.TempDir()
	if err := extract(vsix, task); err != nil {
		t.Fatal(err)
	}
	bin, err := hostBinary(task)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	return vsix, task, bin
}

func TestSizes(t *testing.T) {
	t.Parallel()
	vsix, task, _ := packed(t)
	size, err := taskBytes(vsix)
	if err != nil {
		t.Fatal(err)
	}
	if size > release.MaxTask {
		t.Errorf("agents download %d bytes, at most %d", size, release.MaxTask)
	}
	files := map[string]int64{vsix: release.MaxPackage}
	for _, p := range release.Platforms() {
		files[filepath.Join(task, "bin", p.File())] = release.MaxBinary
	}
	for file, most := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > most {
			t.Errorf("%s has %d bytes, at most %d", filepath.Base(file), info.Size(), most)
		}
	}
}
