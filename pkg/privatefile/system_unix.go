//go:build !windows

package privatefile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
)

const (
	directoryMode = 0o700
	fileMode      = 0o600
	othersMode    = 0o077
)

// makeDirectory makes a directory for this user alone, whatever the umask.
func makeDirectory(path string) error {
	if err := os.Mkdir(path, directoryMode); err != nil {
		return err
	}
	if err := os.Chmod(path, directoryMode); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func createNew(path string, program bool) (*os.File, error) {
	mode := fs.FileMode(fileMode)
	if program {
		mode = directoryMode
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(mode); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// openExisting uses O_NONBLOCK, so that a named pipe does not stop us.
func openExisting(path string, write bool) (*os.File, error) {
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR
	}
	return os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}

func ownDirectory(_ string, info fs.FileInfo) bool { return owned(info) }

func owned(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

func checkOwner(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !owned(info) {
		return foreign(f.Name(), err)
	}
	return nil
}

func foreign(path string, cause error) error {
	return &Untrusted{path, "it belongs to another user than the one running this process", errors.Join(fs.ErrPermission, cause)}
}

func checkPrivate(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return &Untrusted{f.Name(), "it cannot be examined", err}
	}
	return closed(f.Name(), info)
}

func checkDirectory(path string, info fs.FileInfo) error {
	if !owned(info) {
		return foreign(path, nil)
	}
	return closed(path, info)
}

func closed(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&othersMode != 0 {
		return &Untrusted{path, "its mode opens it to other users", fs.ErrPermission}
	}
	return nil
}

// putInPlace replaces a file in one step, a running program too.
func putInPlace(temp, path string, _ bool) error { return os.Rename(temp, path) }

func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errno.Held.Has(err) {
		return false, nil
	}
	if err != nil {
		return false, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return true, nil
}

// unlock has nothing to do: closing the file unlocks it at once.
func unlock(*os.File) {}
