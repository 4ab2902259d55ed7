package awsprofile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// Prepare makes the profile's directory and the binary's copy, and tries there what a
// profile needs: private files that can be locked, replaced and removed, and a program
// that runs. Nothing is left behind when any of it fails; otherwise the caller has to
// call Create or Remove. Its faults are those of Create and AAR-PROFILE-NOEXEC.
func Prepare(ctx context.Context, tempDir, id, binary string) error {
	if !ValidID(id) {
		return &fault.Fault{Code: fault.Internal, Summary: "the profile has no valid id"}
	}
	if err := Check(tempDir); err != nil {
		return err
	}
	err := locked(tempDir, id, func(dir string) error {
		if err := tryFiles(ctx, statePath(dir, id)+privatefile.TempInfix+"probe"); err != nil {
			return err
		}
		if err := editConfig(dir, bytes.Clone); err != nil {
			return err
		}
		if err := installBinary(binary, filepath.Join(dir, binaryName)); err != nil {
			return err
		}
		return tryProgram(ctx, tempDir)
	})
	return undone(tempDir, id, err)
}

// undone removes what a step has made of its profile when it fails, unless another
// process keeps the lock: the post-job part tries again. It returns the fault.
func undone(tempDir, id string, err error) error {
	if err == nil {
		return nil
	}
	if !isBusy(err) {
		_ = Remove(tempDir, id)
	}
	return asWrite(tempDir, err)
}

// tryFiles does with a file at path what a profile needs, and removes it.
func tryFiles(ctx context.Context, path string) error {
	defer func() { _ = privatefile.Remove(path) }()
	for _, step := range []struct {
		doing string
		do    func() error
	}{
		{"creating a file", func() error { return privatefile.Ensure(path, []byte("old")) }},
		{"locking a file", func() error { return tryLocks(ctx, path) }},
		{"replacing a file", func() error { return privatefile.Replace(path, []byte("new")) }},
		{"reading a file back", func() error { return readBack(path, "new") }},
		{"deleting a file", func() error { return privatefile.Remove(path) }},
	} {
		if err := step.do(); err != nil {
			return &during{step.doing, err}
		}
	}
	return nil
}

var (
	errLocks   = errors.New("the file system grants the same lock twice")
	errContent = errors.New("the file does not hold what was written")
)

// tryLocks makes sure that a lock is granted, and granted once.
func tryLocks(ctx context.Context, path string) error {
	release, err := acquire(ctx, path)
	if err != nil {
		return err
	}
	defer release()
	over, cancel := context.WithCancel(ctx)
	cancel()
	if again, err := privatefile.Lock(over, path); err == nil {
		again()
		return errLocks
	}
	return nil
}

// readBack makes sure of a file's content and of its being private.
func readBack(path, want string) error {
	got, err := privatefile.Read(path)
	if err != nil {
		return &openToOthers{err}
	}
	if string(got) != want {
		return errContent
	}
	return nil
}

// programWait is how long the copied program may take to say its version; a virus
// scanner reads all of it first.
const programWait = 20 * time.Second

// tryProgram runs the copied program once, by the path that the config file will give.
func tryProgram(ctx context.Context, tempDir string) error {
	written, err := writtenPath(tempDir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, programWait)
	defer cancel()
	said, err := runVersion(ctx, filepath.Join(written, binaryName))
	if err == nil && strings.HasPrefix(said, "assume-aws-role ") {
		return nil
	}
	return noExec(tempDir, whyNot(ctx, said, err), err)
}

// runVersion repeats a start that a writer of the file or a scanner kept from happening.
func runVersion(ctx context.Context, path string) (said string, err error) {
	for wait := time.Millisecond; ; wait *= 2 {
		// Nothing of this step's environment, which holds the job's secrets.
		cmd := exec.CommandContext(ctx, path, "version")
		cmd.Env = []string{}
		out, err := cmd.Output()
		if err == nil || !errno.Busy.Has(err) || wait > time.Second {
			return string(out), err
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(wait):
		}
	}
}

// whyNot says why the program did not run.
func whyNot(ctx context.Context, said string, err error) string {
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return fmt.Sprintf("the program copied there did not answer within %s", programWait)
	case exited:
		return "the program copied there ended with " + exit.Error() + ", so a policy or a virus scanner of this machine may have stopped it"
	case err == nil:
		return fmt.Sprintf("the program copied there answered %.40q, so it is not what this step wrote", said)
	case errno.Blocked.Has(err):
		return "a policy of this machine (AppLocker, App Control) or a virus scanner keeps programs there from starting"
	case errno.NotPermitted.Has(err):
		return "a policy of this machine keeps programs there from starting (fapolicyd answers so)"
	case errno.Denied.Has(err):
		return "the system refuses to start the program copied there (a file system mounted noexec, SELinux or an access list does)"
	}
	return "the program copied there does not start: " + reason(err)
}
