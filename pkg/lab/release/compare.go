package release

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Compare tells whether two packages are the same file, and names the parts that
// differ when they are not.
func Compare(mine, theirs string) error {
	a, err := os.ReadFile(mine)
	if err != nil {
		return fmt.Errorf("comparing: %w", err)
	}
	b, err := os.ReadFile(theirs)
	if err != nil {
		return fmt.Errorf("comparing: %w", err)
	}
	if bytes.Equal(a, b) {
		return nil
	}
	found := []error{fmt.Errorf("the packages differ: SHA-256 %s and %s", Hash(a), Hash(b))}
	return errors.Join(append(found, differences(a, b)...)...)
}

func differences(a, b []byte) []error {
	left, err := partHashes(a)
	if err != nil {
		return []error{err}
	}
	right, err := partHashes(b)
	if err != nil {
		return []error{err}
	}
	names := map[string]bool{}
	for name := range left {
		names[name] = true
	}
	for name := range right {
		names[name] = true
	}
	var found []error
	for name := range names {
		if left[name] != right[name] {
			found = append(found, fmt.Errorf("%s differs", name))
		}
	}
	slices.SortFunc(found, func(a, b error) int { return bytes.Compare([]byte(a.Error()), []byte(b.Error())) })
	return found
}

func partHashes(archive []byte) (map[string]string, error) {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("comparing: %w", err)
	}
	hashes := map[string]string{}
	for _, f := range r.File {
		content, err := readPart(f)
		if err != nil {
			return nil, fmt.Errorf("comparing %s: %w", f.Name, err)
		}
		hashes[f.Name] = Hash(content)
	}
	return hashes, nil
}

// WriteSizes prints the sizes of the binaries, raw and in the package, against
// their budgets.
func WriteSizes(w io.Writer, binDir, file string) error {
	r, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("reading sizes: %w", err)
	}
	defer r.Close()
	inPackage := map[string]uint64{}
	for _, f := range r.File {
		inPackage[f.Name] = f.CompressedSize64
	}
	for _, p := range Platforms() {
		info, err := os.Stat(filepath.Join(binDir, p.File()))
		if err != nil {
			return fmt.Errorf("reading sizes: %w", err)
		}
		if _, err := fmt.Fprintf(w, "%-40s %6.2f MB raw, %5.2f MB in the package (at most %d MB raw)\n", p.File(),
			megabytes(info.Size()), megabytes(int64(inPackage["task/bin/"+p.File()])), MaxBinary/1_000_000); err != nil {
			return err
		}
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("reading sizes: %w", err)
	}
	_, err = fmt.Fprintf(w, "%-40s %6.2f MB (at most %d MB)\n", filepath.Base(file), megabytes(info.Size()), MaxPackage/1_000_000)
	return err
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }
