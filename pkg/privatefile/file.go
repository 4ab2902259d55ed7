// Package privatefile owns files and directories that only the user running this
// process may use: how they are made, checked, read, replaced, locked and removed, so
// that the same holds on Unix and on Windows. It must not know what is in them.
//
// Windows differs in what it lets others do with a file that is open: a locked file
// cannot be read, a program that runs cannot be replaced, and virus scanners hold new
// files for moments. So everything here retries for up to 2 s where that helps, a lock
// file is never read, and every file is opened so that it can be deleted meanwhile.
package privatefile

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// TempInfix stands between a file's name and a random part in the name of a file that
// is still being written.
const TempInfix = ".tmp-"

// MaxSize bounds what Read and ReadShared read, in bytes.
const MaxSize = 1 << 20

// Untrusted is the error for a file or directory that is there but must not be used:
// it belongs to somebody else, is open to others, or is not what it should be.
type Untrusted struct {
	Path string
	// Why continues a sentence that begins with the file's name.
	Why string
	Err error
}

func (u *Untrusted) Error() string { return filepath.Base(u.Path) + ": " + u.Why }
func (u *Untrusted) Unwrap() error { return u.Err }

// Create makes a file for this user alone; it never opens an existing one.
func Create(path string) (*os.File, error) { return create(path, false) }

func create(path string, program bool) (f *os.File, err error) {
	err = persist(func() error {
		f, err = createNew(path, program)
		return err
	})
	return f, err
}

// Open opens a private file for reading. Its error is Untrusted, which wraps
// fs.ErrNotExist where nothing is there.
func Open(path string) (*os.File, error) {
	f, err := openOwn(path, false)
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// openOwn opens a regular file of this user that is no link. Others may have access.
func openOwn(path string, write bool) (f *os.File, err error) {
	err = persist(func() error {
		f, err = openExisting(path, write)
		return err
	})
	if err != nil {
		return nil, &Untrusted{path, "it cannot be opened, or is a link", err}
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = &Untrusted{path, "it cannot be examined", err}
	case !info.Mode().IsRegular():
		err = &Untrusted{path, "it is not a regular file, or is a link", fs.ErrInvalid}
	default:
		err = checkOwner(f)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Ensure creates a private file, or accepts the one of this user that is there,
// whatever is in it. It does not read it: another process may have locked it.
func Ensure(path string, content []byte) error {
	f, err := Create(path)
	if errors.Is(err, fs.ErrExist) {
		f, err = openOwn(path, false)
		if err != nil {
			return err
		}
		return f.Close()
	}
	if err != nil {
		return fmt.Errorf("creating %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// Read reads a private file of at most MaxSize bytes.
func Read(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path)
}

// ReadShared reads a file of this user that need not be private, and reports whether
// it is. It is for files without secrets, which other tools rewrite with modes of their
// own.
func ReadShared(path string) (content []byte, private bool, err error) {
	f, err := openOwn(path, false)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	content, err = readAll(f, path)
	return content, checkPrivate(f) == nil, err
}

func readAll(f *os.File, path string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, &Untrusted{path, "it cannot be read", err}
	}
	if len(data) > MaxSize {
		return nil, &Untrusted{path, "it is larger than anything this task writes", fs.ErrInvalid}
	}
	return data, nil
}

// Replace puts content in place of a file in one step: readers see the old content or
// the new one. Nothing is synced to disk.
func Replace(path string, content []byte) error {
	return replace(path, false, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// ReplaceProgram puts a program in place of a file. One that runs goes on undisturbed;
// on Windows its file is moved aside, and the name is free for a moment.
func ReplaceProgram(path string, program io.Reader) error {
	return replace(path, true, func(w io.Writer) error {
		_, err := io.Copy(w, program)
		return err
	})
}

func replace(path string, program bool, fill func(io.Writer) error) error {
	temp := TempName(path)
	f, err := create(temp, program)
	if err != nil {
		return fmt.Errorf("creating temporary file: %w", err)
	}
	err = errors.Join(fill(f), f.Close())
	if err == nil {
		err = putInPlace(temp, path, program)
	}
	if err != nil {
		_ = Remove(temp)
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

// TempName is a name beside path that nothing else has.
func TempName(path string) string {
	var b [16]byte
	// crypto/rand.Read never returns an error.
	_, _ = rand.Read(b[:])
	return path + TempInfix + hex.EncodeToString(b[:])
}

// Remove deletes a file or an empty directory; one that is gone is no error.
func Remove(path string) error {
	err := persist(func() error { return os.Remove(path) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveStale deletes the temporary files that killed writers of a file left, and reports
// all that stay. The caller holds the lock under which the file is written.
func RemoveStale(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(path)+TempInfix) {
			errs = append(errs, Remove(filepath.Join(filepath.Dir(path), e.Name())))
		}
	}
	return errors.Join(errs...)
}
