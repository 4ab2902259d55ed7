package bench

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// taskFolder is where the task lies in the package.
const taskFolder = "task/"

// extract unpacks the task as an agent does: every mode is lost.
func extract(vsix, dir string) error {
	r, err := zip.OpenReader(vsix)
	if err != nil {
		return fmt.Errorf("opening package: %w", err)
	}
	defer r.Close()
	for _, f := range r.File {
		name, ok := strings.CutPrefix(f.Name, taskFolder)
		if !ok || !filepath.IsLocal(name) || strings.HasSuffix(name, "/") {
			continue
		}
		if err := copyOut(f, filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("extracting %s: %w", f.Name, err)
		}
	}
	return nil
}

func copyOut(f *zip.File, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// hostBinary is this platform's program in an extracted task.
func hostBinary(task string) (string, error) {
	found, err := filepath.Glob(filepath.Join(task, "bin", "assume-aws-role-"+runtime.GOOS+"-"+runtime.GOARCH+".*"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("the package has no binary for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	return found[0], nil
}

// taskBytes is the size of the task as an archive, which is what an agent downloads: its
// entries as the package holds them, with their headers.
func taskBytes(vsix string) (int64, error) {
	r, err := zip.OpenReader(vsix)
	if err != nil {
		return 0, fmt.Errorf("opening package: %w", err)
	}
	defer r.Close()
	// A local header, an entry of the directory and the end of it
	// (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16).
	const local, central, end = 30, 46, 22
	total := int64(end)
	for _, f := range r.File {
		if name, ok := strings.CutPrefix(f.Name, taskFolder); ok {
			total += int64(f.CompressedSize64) + local + central + 2*int64(len(name))
		}
	}
	return total, nil
}
