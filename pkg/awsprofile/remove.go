package awsprofile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// removeWait is how long the removal waits for a renewal that still runs.
const removeWait = 5 * time.Second

// Remove undoes Prepare and Create for one profile: its state and its section of the
// shared files first; the binary, those files and the directory with the last profile.
// It deletes nothing outside a directory of ours, and in it nothing but files that this
// package names. It goes on after an error. A directory that is not there is no error.
// The fault is AAR-PROFILE-CLEANUP.
func Remove(tempDir, id string) error {
	if !ValidID(id) || !filepath.IsAbs(tempDir) {
		return cleanup(tempDir, errors.New("the profile's id or the temp directory is not what the main part of this step used"))
	}
	dir := Dir(tempDir)
	removeUnfinished(dir + privatefile.TempInfix + id)
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := errNotOurs
	if privatefile.OwnDir(dir) {
		switch awaitMarker(dir) {
		case marked:
			err = removeFrom(dir, id)
		case bare:
			err = removeBare(dir, id)
		case unmarked:
		}
	}
	if err != nil && exists(dir) {
		return cleanup(dir, err)
	}
	return nil
}

// removeBare removes an empty directory without a marker, unless it was made by somebody
// who lets others in.
func removeBare(dir, id string) error {
	if exists(dir) && privatefile.CheckDir(dir) != nil {
		return errNotOurs
	}
	return removeFrom(dir, id)
}

var errNotOurs = errors.New("it is a link, belongs to another user or does not bear this task's marker, so it was left alone")

// cleanup is the fault for what stays, with its names.
func cleanup(dir string, cause error) error {
	f := &fault.Fault{
		Code: fault.ProfileCleanup, Summary: "not all of the profile's files could be removed",
		Why: fmt.Sprintf("%s: %s.", filepath.Base(dir), reasons(cause)), Cause: cause,
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 && !errors.Is(cause, errNotOurs) {
		var names []string
		for _, e := range entries {
			names = append(names, fmt.Sprintf("%q", e.Name()))
		}
		f.Details = []string{"Still there: " + strings.Join(names, ", ")}
	}
	return f
}

// reasons says every part of a joined error, each once.
func reasons(err error) string {
	parts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts = joined.Unwrap()
	}
	var said []string
	for _, part := range parts {
		text := reason(part)
		if f, ok := fault.As(part); ok {
			text = f.Summary + ": " + strings.TrimSuffix(f.Why, ".")
		}
		if !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	return strings.Join(said, "; ")
}

// removeFrom removes one profile from a directory that is ours.
func removeFrom(dir, id string) error {
	errs := []error{removeState(dir, id)}
	ctx, cancel := context.WithTimeout(context.Background(), configWait)
	defer cancel()
	path := filepath.Join(dir, configLockName)
	var release func()
	err := privatefile.Ensure(path, nil)
	if err == nil {
		release, err = acquire(ctx, path)
	}
	if errors.Is(err, privatefile.ErrGone) || errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errs...) // another step removed everything else
	}
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	left := 0
	err = editConfig(dir, func(text []byte) []byte {
		text = removeSections(text, id)
		left = profiles(text)
		return text
	})
	if err != nil || left > 0 {
		release()
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, removeAll(dir, release))...)
}

// removeState deletes the state of one profile. It waits a little for a renewal,
// which would write the file anew, and then deletes it all the same.
func removeState(dir, id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), removeWait)
	defer cancel()
	if release, err := acquire(ctx, lockPath(dir, id)); err == nil {
		defer release()
	}
	return errors.Join(privatefile.RemoveStale(statePath(dir, id)), privatefile.Remove(statePath(dir, id)), privatefile.RemoveLock(lockPath(dir, id)))
}

// removeAll deletes every file that this package names, the marker last, and the
// directory if nothing else is in it. The caller holds the lock that release gives back.
func removeAll(dir string, release func()) error {
	var errs []error
	for _, name := range names(dir) {
		if removable(name) {
			errs = append(errs, privatefile.Remove(filepath.Join(dir, name)))
		}
	}
	// Last: from here on another step can make a lock of its own, and files.
	errs = append(errs, privatefile.RemoveLock(filepath.Join(dir, configLockName)))
	release()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return removeDirectory(dir)
}

// removeDirectory deletes the marker and the directory. Where a deleted file stays until
// its last handle is closed, the directory cannot go before that, and the marker comes
// back until it can. A step that begins at this moment keeps both.
func removeDirectory(dir string) error {
	path := filepath.Join(dir, markerName)
	for waited := time.Duration(0); ; waited += lingerPoll {
		if left := slices.DeleteFunc(names(dir), lingers); len(left) > 0 {
			return notCreated(left)
		}
		if err := privatefile.Remove(path); err != nil {
			return err
		}
		err := privatefile.Remove(dir)
		if err == nil {
			return nil
		}
		_ = privatefile.Ensure(path, []byte(marker))
		if !errno.NotEmpty.Has(err) || waited >= lingerWait {
			return err
		}
		<-time.After(lingerPoll)
	}
}

const (
	lingerPoll = 20 * time.Millisecond
	lingerWait = 2 * time.Second
)

// lingers reports whether a file is no obstacle to the removal of its directory: the
// marker, and a lock that is deleted and still open somewhere.
func lingers(name string) bool {
	return name == markerName || strings.HasPrefix(name, configLockName+privatefile.TempInfix)
}

// notCreated is the error for names in the directory that this task did not make.
func notCreated(left []string) error {
	for _, name := range left {
		if name != markerName && name != configLockName && !removable(name) {
			return errors.New("something is in it that this task did not create, so it was left with that")
		}
	}
	return nil
}

func names(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func removable(name string) bool {
	for _, own := range []string{binaryName, configName, credentialsName, configLockName} {
		if name == own && own != configLockName || strings.HasPrefix(name, own+privatefile.TempInfix) {
			return true
		}
	}
	return stateName(name)
}
