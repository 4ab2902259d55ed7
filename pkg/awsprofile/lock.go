package awsprofile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

const (
	// lockPoll is how often a waiter asks for a lock.
	lockPoll = 15 * time.Millisecond
	// configWait is how long a step waits for others that write the config file;
	// each needs milliseconds.
	configWait = 5 * time.Second
	// removeWait is how long the removal waits for a renewal that still runs.
	removeWait = 5 * time.Second
)

// errGone says that a lock was obtained on a file that has been removed since.
var errGone = errors.New("lock file was removed")

// acquire locks the private file at path, which must exist, and returns the
// release. The lock is the operating system's: it ends with the process however
// that ends. A lock on a file that its last holder removed counts for nothing.
func acquire(ctx context.Context, path string) (release func(), err error) {
	if _, err := readPrivate(path); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetFlag(os.O_RDWR|noFollow), flock.SetPermissions(fileMode))
	if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
		_ = l.Close()
		if ctx.Err() != nil {
			return nil, busy(ctx.Err())
		}
		return nil, fmt.Errorf("locking: %w", err)
	}
	held, err := l.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = os.Lstat(path); err == nil && !os.SameFile(held, there) {
			err = errGone
		}
	}
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("locking: %w", errors.Join(errGone, err))
	}
	return func() { _ = l.Close() }, nil
}

func busy(cause error) error {
	return &fault.Fault{
		Code: fault.ProfileBusy, Summary: "another process kept the profile locked for too long",
		Why: "it was renewing or writing the profile and did not finish in time.", Cause: cause,
	}
}

// installLocked makes the directory and writes the profile under the lock of the
// config file. When the last other profile is removed in between, it starts anew.
func installLocked(dir string, o Options) error {
	ctx, cancel := context.WithTimeout(context.Background(), configWait)
	defer cancel()
	path := filepath.Join(dir, configLockName)
	for {
		err := ensureDirectory(dir, o.ID)
		if err == nil {
			err = ensureFile(path, nil)
		}
		var release func()
		if err == nil {
			release, err = acquire(ctx, path)
		}
		if errors.Is(err, errGone) || errors.Is(err, fs.ErrNotExist) && ctx.Err() == nil && exists(o.TempDir) {
			continue
		}
		if err != nil {
			return err
		}
		defer release()
		return write(dir, o)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
