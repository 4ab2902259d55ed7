package release

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Compare reports as an error that two packages are not the same file, and names the
// parts that differ.
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
