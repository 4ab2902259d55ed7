package privatefile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// lockPoll is how often a waiter asks for a lock.
const lockPoll = 15 * time.Millisecond

// ErrGone says that a lock was obtained on a file that has been removed since, so that
// it counts for nothing.
var ErrGone = errors.New("lock file was removed")

// Lock locks the file of this user at path, which must exist, and returns the release.
// The lock is the operating system's: it ends with the process however that ends. The
// file can be deleted while it is locked. The errors are ErrGone, that of ctx, Untrusted,
// and the system's.
func Lock(ctx context.Context, path string) (release func(), err error) {
	f, err := openOwn(path, true)
	if err != nil {
		return nil, err
	}
	release = func() {
		unlock(f)
		_ = f.Close()
	}
	if err := await(ctx, f); err != nil {
		_ = f.Close()
		return nil, err
	}
	if !isAt(f, path) {
		release()
		return nil, ErrGone
	}
	return release, nil
}

func await(ctx context.Context, f *os.File) error {
	for {
		locked, err := tryLock(f)
		if locked || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// isAt reports whether the open file still bears its name.
func isAt(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(held, there)
}

// RemoveLock deletes a lock file, held or not. Its name is free at once; one that waits
// for the lock gets ErrGone.
func RemoveLock(path string) error {
	aside := TempName(path)
	err := persist(func() error { return os.Rename(path, aside) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// Where an open file keeps its name until it is closed, that name is nobody's.
	return Remove(aside)
}
