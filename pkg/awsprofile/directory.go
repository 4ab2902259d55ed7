package awsprofile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

const (
	// configWait is how long a step waits for others that write the config file; each
	// needs milliseconds, and much longer where a virus scanner looks at every file.
	configWait = 15 * time.Second
	// markerWait is how long a step waits for the marker of a directory that another
	// step is about to remove, or has just failed to. Windows deletes a file only when the
	// last program, such as a virus scanner, has closed it.
	markerWait        = 250 * time.Millisecond
	markerWaitWindows = 2 * time.Second
)

// errNoMarker says that a directory bears our name and does not bear our marker.
var errNoMarker = errors.New("the directory does not bear this task's marker")

// locked makes the directory and does something in it under the lock of the config
// file. When the last other profile is removed in between, it starts anew.
func locked(tempDir, id string, do func(dir string) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), configWait)
	defer cancel()
	dir := Dir(tempDir)
	path := filepath.Join(dir, configLockName)
	for {
		err := ensureDirectory(dir, id)
		if err == nil {
			err = privatefile.Ensure(path, nil)
		}
		var release func()
		if err == nil {
			release, err = acquire(ctx, path)
		}
		if err == nil {
			defer release()
			return do(dir)
		}
		removed := errors.Is(err, privatefile.ErrGone) || errors.Is(err, fs.ErrNotExist)
		if !removed || ctx.Err() != nil || !exists(tempDir) {
			return err
		}
	}
}

// acquire locks a file; waiting too long is a fault.
func acquire(ctx context.Context, path string) (release func(), err error) {
	release, err = privatefile.Lock(ctx, path)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, busy(err)
	}
	return release, err
}

// ensureDirectory makes the private directory with its marker, or checks the one
// that is there. It appears under its name with the marker in it, so that no other
// step ever finds it half made.
func ensureDirectory(dir, id string) error {
	if exists(dir) {
		return checkMarked(dir)
	}
	temp := dir + privatefile.TempInfix + id
	if err := makeMarked(temp); err != nil {
		removeUnfinished(temp)
		return err
	}
	err := privatefile.RenameDir(temp, dir)
	if err == nil {
		return nil
	}
	removeUnfinished(temp)
	if errors.Is(err, fs.ErrExist) {
		return checkMarked(dir)
	}
	return fmt.Errorf("making the profile's directory: %w", err)
}

// makeMarked makes a directory with the marker in it, and looks whether the file system
// keeps both from other users.
func makeMarked(dir string) error {
	if err := privatefile.MakeDir(dir); err != nil {
		return fmt.Errorf("making the profile's directory: %w", err)
	}
	path := filepath.Join(dir, markerName)
	if err := privatefile.Ensure(path, []byte(marker)); err != nil {
		return err
	}
	err := privatefile.CheckDir(dir)
	if err == nil {
		_, err = privatefile.Read(path)
	}
	if err != nil {
		return &openToOthers{err}
	}
	return nil
}

// checkMarked makes sure that a directory is ours. An empty one without a marker is
// adopted, because that is what a removal leaves that was killed before its end.
func checkMarked(dir string) error {
	if err := privatefile.CheckDir(dir); err != nil {
		return err
	}
	switch awaitMarker(dir) {
	case marked:
		return nil
	case bare:
		return privatefile.Ensure(filepath.Join(dir, markerName), []byte(marker))
	case unmarked:
	}
	return &privatefile.Untrusted{Path: dir, Why: "it does not bear this task's marker", Err: errNoMarker}
}

// marking is whether a directory bears our marker.
type marking int

const (
	marked marking = iota
	// bare: it holds nothing, or is gone.
	bare
	// unmarked: it holds something, and no marker of ours.
	unmarked
)

// awaitMarker looks for our marker. One that is absent beside other files may be on its
// way, from a step that has just begun or from a removal that did not come to its end.
func awaitMarker(dir string) marking {
	const poll = 5 * time.Millisecond
	limit := markerWait
	if runtime.GOOS == "windows" {
		limit = markerWaitWindows
	}
	for waited := time.Duration(0); ; waited += poll {
		data, err := privatefile.Read(filepath.Join(dir, markerName))
		if err == nil && string(data) == marker {
			return marked
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
			return bare
		}
		// It is made before it is written.
		coming := errors.Is(err, fs.ErrNotExist) || err == nil && strings.HasPrefix(marker, string(data))
		if !coming || waited >= limit {
			return unmarked
		}
		<-time.After(poll)
	}
}

// removeUnfinished deletes a directory that a step was still making.
func removeUnfinished(temp string) {
	if privatefile.OwnDir(temp) {
		_ = privatefile.Remove(filepath.Join(temp, markerName))
		_ = privatefile.Remove(temp)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
