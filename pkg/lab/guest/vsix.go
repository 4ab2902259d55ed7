package guest

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// UnpackTask unpacks the packed extension into a directory and returns the folder of its
// task.
func UnpackTask(vsix, dir string) (string, error) {
	r, err := zip.OpenReader(vsix)
	if err != nil {
		return "", err
	}
	defer r.Close()
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") || !filepath.IsLocal(f.Name) {
			continue
		}
		if err := extract(f, filepath.Join(dir, filepath.FromSlash(f.Name))); err != nil {
			return "", err
		}
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", "index.js"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("the package has the launchers %q, want one", found)
	}
	return filepath.Dir(found[0]), nil
}

func extract(f *zip.File, to string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}
