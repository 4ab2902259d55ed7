package privatefile

import (
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

// persist gives up after 2 s of waiting. The waits double up to the longest, which is
// short enough to find the moments between many readers.
const (
	longestWait = 16 * time.Millisecond
	patience    = 2 * time.Second
)

// Persist repeats what a virus scanner, an indexer or another process of ours can keep
// from being done for moments.
func Persist(do func() error) error { return persist(do) }

func persist(do func() error) error {
	for wait, waited := time.Millisecond, time.Duration(0); ; wait = min(2*wait, longestWait) {
		err := do()
		if err == nil || waited >= patience || !errno.Busy.Has(err) {
			return err
		}
		<-time.After(wait)
		waited += wait
	}
}
