package privatefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
)

// shareAll lets others read, write and delete a file while it is open here.
const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

func makeDirectory(path string) error {
	sa, err := private("OICI")
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	if err := windows.CreateDirectory(name, sa); err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

func createNew(path string, _ bool) (*os.File, error) {
	sa, err := private("")
	if err != nil {
		return nil, err
	}
	return openHandle(path, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE, sa, windows.CREATE_NEW)
}

func openExisting(path string, write bool) (*os.File, error) {
	access := uint32(windows.GENERIC_READ)
	if write {
		access |= windows.GENERIC_WRITE
	}
	return openHandle(path, access, shareAll, nil, windows.OPEN_EXISTING)
}

func openHandle(path string, access, share uint32, sa *windows.SecurityAttributes, disposition uint32) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	// BACKUP_SEMANTICS opens directories, too, so that they can be told from a file that
	// a scanner holds.
	const flags = windows.FILE_ATTRIBUTE_NORMAL | windows.FILE_FLAG_OPEN_REPARSE_POINT | windows.FILE_FLAG_BACKUP_SEMANTICS
	h, err := windows.CreateFile(name, access, share, sa, disposition, flags, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// putInPlace replaces a file in one step: os.Root renames with POSIX semantics, which
// readers do not disturb. Where the system lacks them (Windows Server 2016, FAT), it
// waits for the readers, each of which is done in moments. A program that runs can
// nowhere be replaced, but it can be moved aside; the removal finds it by its name.
func putInPlace(temp, path string, program bool) error {
	if !program {
		return persist(func() error { return rename(temp, path) })
	}
	err := rename(temp, path)
	if err == nil || !errno.Busy.Has(err) {
		return err
	}
	return persist(func() error {
		if err := rename(path, TempName(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return rename(temp, path)
	})
}

func rename(from, to string) error {
	root, err := os.OpenRoot(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return root.Rename(filepath.Base(from), filepath.Base(to))
}

// tryLock locks the first byte, which keeps everybody else from reading the file.
func tryLock(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errno.Held.Has(err) {
		return false, nil
	}
	if err != nil {
		return false, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return true, nil
}

// unlock unlocks at once; a lock that ends with its handle ends when the system gets
// to it (LockFileEx, "Remarks").
func unlock(f *os.File) {
	_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &windows.Overlapped{})
}
