package privatefile

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
)

// MakeDir makes a directory that this user alone can enter.
func MakeDir(path string) error {
	return persist(func() error { return makeDirectory(path) })
}

// CheckDir makes sure that path is a directory of this user that nobody else can
// enter, and no link to one. Its error is Untrusted.
func CheckDir(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return &Untrusted{path, "the directory cannot be read", err}
	}
	if !info.IsDir() {
		return &Untrusted{path, "it is not a directory, or is a link", fs.ErrInvalid}
	}
	return checkDirectory(path, info)
}

// OwnDir reports whether path is a directory of this user, and no link to one. Others
// may have access.
func OwnDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir() && ownDirectory(path, info)
}

// RenameDir gives a directory another name. It fails at once where something bears
// that name already.
func RenameDir(from, to string) error {
	return persist(func() error {
		err := os.Rename(from, to)
		if err == nil {
			return nil
		}
		if _, there := os.Lstat(to); there == nil {
			return fs.ErrExist
		}
		return err
	})
}

// RemoveDir deletes an empty directory; one that is gone is no error. On Windows a
// deleted file stays in it until its last handle is closed, so it waits.
func RemoveDir(path string) error {
	return retry(func(err error) bool { return errno.Busy.Has(err) || lingers && errno.NotEmpty.Has(err) }, func() error {
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// persist does what a virus scanner, an indexer or another process of ours can keep
// from being done for moments.
func persist(do func() error) error { return retry(errno.Busy.Has, do) }

// longestWait makes all waits of retry together 2 s: each is twice the one before, the
// first is a millisecond.
const longestWait = 1024 * time.Millisecond

// retry repeats what fails with an error that passes.
func retry(passes func(error) bool, do func() error) error {
	for wait := time.Millisecond; ; wait *= 2 {
		err := do()
		if err == nil || wait > longestWait || !passes(err) {
			return err
		}
		<-time.After(wait)
	}
}
