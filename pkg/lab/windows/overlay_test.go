//go:build linux

package windows_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// patch changes one place of a source file for a build under Wine. The place must be
// there, once: a file that has changed is looked at again before its test says anything.
type patch struct{ file, old, replacement string }

// patches give Wine what it lacks. $GOROOT is that of the go command.
var patches = []patch{
	// Wine answers "not implemented" where Go goes back to an older way of deleting for
	// other answers; without this every t.TempDir fails to be cleaned up.
	{
		"$GOROOT/src/internal/syscall/windows/at_windows.go",
		"STATUS_NOT_SUPPORTED:     // the file system",
		"STATUS_NOT_SUPPORTED, NTStatus(0xC0000002): // Wine; the file system",
	},
	// Wine keeps a mode instead of an access list, and so forgets that it is protected.
	{
		"pkg/privatefile/access_windows.go",
		"err != nil || control&windows.SE_DACL_PROTECTED == 0 {",
		"err != nil || control == 0xffff {",
	},
	// Windows fails a read where another handle has locked what is read; Wine does not.
	{
		"pkg/privatefile/file.go",
		"data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))",
		"if err := failWhereLocked(f); err != nil {\n\t\treturn nil, &Untrusted{path, \"it cannot be read\", err}\n\t}\n\tdata, err := io.ReadAll(io.LimitReader(f, MaxSize+1))",
	},
}

// lockedReads is added to the package of the files.
const lockedReads = `package privatefile

import (
	"os"

	"golang.org/x/sys/windows"
)

// failWhereLocked fails as ReadFile of Windows does where another handle has locked the
// first byte.
func failWhereLocked(f *os.File) error {
	h := windows.Handle(f.Fd())
	if err := windows.LockFileEx(h, windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{}); err != nil {
		return &os.PathError{Op: "read", Path: f.Name(), Err: err}
	}
	return windows.UnlockFileEx(h, 0, 1, 0, &windows.Overlapped{})
}
`

// writeOverlay writes the patched files and the file for go build -overlay, whose path
// it returns.
func writeOverlay(dir string) (string, error) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return "", err
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking for GOROOT: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	added := filepath.Join(dir, "locked_windows.go")
	replace := map[string]string{filepath.Join(root, "pkg", "privatefile", "locked_windows.go"): added}
	if err := os.WriteFile(added, []byte(lockedReads), 0o644); err != nil {
		return "", err
	}
	for i, p := range patches {
		file, isGo := strings.CutPrefix(p.file, "$GOROOT")
		if isGo {
			file = strings.TrimSpace(string(goroot)) + file
		} else {
			file = filepath.Join(root, file)
		}
		patched := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := p.apply(file, patched); err != nil {
			return "", err
		}
		replace[file] = patched
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, data, 0o644)
}

func (p patch) apply(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), p.old); n != 1 {
		return fmt.Errorf("the overlay for Wine no longer fits: %s has %q %d times, want once", p.file, p.old, n)
	}
	return os.WriteFile(to, []byte(strings.Replace(string(text), p.old, p.replacement, 1)), 0o644)
}
