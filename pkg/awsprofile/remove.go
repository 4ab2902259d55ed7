package awsprofile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// Remove undoes Create for one profile: its state and its section of the config file
// first; the binary, the config file and the directory with the last profile. It
// deletes nothing outside a directory of ours, and in it nothing but files that this
// package names. A directory that is not there is no error. The fault is
// AAR-PROFILE-CLEANUP.
func Remove(tempDir, id string) error {
	if !validID(id) || !filepath.IsAbs(tempDir) {
		return cleanup(tempDir, errors.New("the profile's id or the temp directory is not what the main part of this step used"))
	}
	dir := Dir(tempDir)
	removeUnfinished(dir + tempInfix + id)
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && (!info.IsDir() || !ours(dir, info) || !hasMarker(dir)) {
		err = errors.New("it is a link, belongs to another user or does not bear this task's marker, so it was left alone")
	}
	if err == nil {
		err = removeFrom(dir, id)
	}
	if err != nil && exists(dir) {
		return cleanup(dir, err)
	}
	return nil
}

func cleanup(dir string, cause error) error {
	why := reason(cause)
	if f, ok := fault.As(cause); ok {
		why = f.Summary + ": " + f.Why
	}
	return &fault.Fault{
		Code: fault.ProfileCleanup, Summary: "the profile's files could not all be removed",
		Why: fmt.Sprintf("%s: %s.", filepath.Base(dir), strings.TrimSuffix(why, ".")), Cause: cause,
	}
}

// removeUnfinished deletes a directory that a killed step was still making.
func removeUnfinished(temp string) {
	info, err := os.Lstat(temp)
	if err != nil || !info.IsDir() || !ours(temp, info) {
		return
	}
	_ = os.Remove(filepath.Join(temp, markerName))
	_ = os.Remove(temp)
}

func removeFrom(dir, id string) error {
	err := removeState(dir, id)
	ctx, cancel := context.WithTimeout(context.Background(), configWait)
	defer cancel()
	path := filepath.Join(dir, configLockName)
	if lockErr := ensureFile(path, nil); lockErr != nil {
		return errors.Join(err, lockErr)
	}
	release, lockErr := acquire(ctx, path)
	if lockErr != nil {
		return errors.Join(err, lockErr)
	}
	defer release()
	left := 0
	editErr := editConfig(dir, func(text []byte) []byte {
		text = removeSections(text, id)
		left = profiles(text)
		return text
	})
	if err = errors.Join(err, editErr); err != nil || left > 0 {
		return err
	}
	return removeAll(dir, release)
}

// removeState deletes the state of one profile. It waits a little for a renewal,
// which would write the file anew, and then deletes it all the same.
func removeState(dir, id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), removeWait)
	defer cancel()
	if release, err := acquire(ctx, lockPath(dir, id)); err == nil {
		defer release()
	}
	removeStale(statePath(dir, id))
	return errors.Join(remove(statePath(dir, id)), remove(lockPath(dir, id)))
}

// removeAll deletes every file that this package names, the marker last, and the
// directory if nothing else is in it.
func removeAll(dir string, release func()) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("listing profile directory: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if named := e.Name(); removable(named) {
			errs = append(errs, remove(filepath.Join(dir, named)))
		}
	}
	// Windows does not delete an open file; elsewhere the lock outlives its file.
	if remove(filepath.Join(dir, configLockName)) != nil {
		release()
		errs = append(errs, remove(filepath.Join(dir, configLockName)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if entries, err = os.ReadDir(dir); err == nil && len(entries) > 1 {
		return errors.New("something else is in it that this task did not create, so it was left with that")
	}
	return errors.Join(remove(filepath.Join(dir, markerName)), remove(dir))
}

func removable(name string) bool {
	for _, own := range []string{binaryName, configName, credentialsName} {
		if name == own || strings.HasPrefix(name, own+tempInfix) {
			return true
		}
	}
	return stateName(name)
}

// remove deletes a file or an empty directory; one that is gone is no error.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
