//go:build !windows

package awsprofile

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	binaryName = "assume-aws-role"

	noFollow      = unix.O_NOFOLLOW
	directoryMode = 0o700
	fileMode      = 0o600
	othersMode    = 0o077
)

// makeDirectory makes a directory for this user alone, whatever the umask.
func makeDirectory(path string) error {
	if err := os.Mkdir(path, directoryMode); err != nil {
		return err
	}
	return os.Chmod(path, directoryMode)
}

// createPrivate creates a file for this user alone; it never opens an existing one.
func createPrivate(path string, executable bool) (*os.File, error) {
	mode := fs.FileMode(fileMode)
	if executable {
		mode = directoryMode
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, mode)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(mode); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// openPrivate opens a regular file of this user for reading. O_NONBLOCK keeps a
// named pipe from stopping us.
func openPrivate(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, badState(path, "it cannot be opened, or is a link", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = badState(path, "it is not a regular file", errForeign)
	}
	if err == nil {
		err = checkOwner(path, info)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// ours tells whether the file belongs to the user who runs this process.
func ours(_ string, info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// checkOwner makes sure that a file or directory is this user's and closed to all
// others.
func checkOwner(path string, info fs.FileInfo) error {
	if !ours(path, info) {
		return badState(path, "it belongs to another user than the one running this process", errForeign)
	}
	if info.Mode().Perm()&othersMode != 0 {
		return badState(path, "its mode opens it to other users", errForeign)
	}
	return nil
}

// runnable asks the system whether it would execute the file; access(2) answers
// EACCES on a file system mounted noexec.
func runnable(path string) error { return unix.Access(path, unix.X_OK) }

// writable asks the system whether files can be made in a directory.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// rename replaces newPath in one step.
func rename(oldPath, newPath string) error { return os.Rename(oldPath, newPath) }
