package awsprofile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// tempInfix stands between a file's name and a random part in the name of a file
// that is still being written.
const tempInfix = ".tmp-"

// errForeign is the cause of a fault about something that is not ours, or is open
// to others.
var errForeign = errors.New("not a private file of this user")

// ensureDirectory makes the private directory with its marker, or checks the one
// that is there. It appears under its name with the marker in it, so that no other
// step ever finds it half made.
func ensureDirectory(dir, id string) error {
	if _, err := os.Lstat(dir); err == nil {
		return checkMarked(dir)
	}
	temp := dir + tempInfix + id
	if err := makeDirectory(temp); err != nil {
		return fmt.Errorf("making profile directory: %w", err)
	}
	err := ensureFile(filepath.Join(temp, markerName), []byte(marker))
	if err == nil {
		err = os.Rename(temp, dir)
	}
	if err == nil {
		return nil
	}
	_ = os.Remove(filepath.Join(temp, markerName))
	_ = os.Remove(temp)
	if _, there := os.Lstat(dir); there == nil {
		return checkMarked(dir)
	}
	return fmt.Errorf("making profile directory: %w", err)
}

func checkMarked(dir string) error {
	if err := checkDirectory(dir); err != nil {
		return err
	}
	if !hasMarker(dir) {
		return badState(dir, "the directory does not bear this task's marker", errForeign)
	}
	return nil
}

// checkDirectory makes sure that dir is a directory of this user that nobody else
// can enter, and no link to one.
func checkDirectory(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return badState(dir, "the directory cannot be read", err)
	}
	if !info.IsDir() {
		return badState(dir, "it is not a directory, or is a link", errForeign)
	}
	return checkOwner(dir, info)
}

func hasMarker(dir string) bool {
	data, err := readPrivate(filepath.Join(dir, markerName))
	return err == nil && string(data) == marker
}

// ensureFile creates a private file, or accepts the private one that is there.
func ensureFile(path string, content []byte) error {
	f, err := createPrivate(path, false)
	if errors.Is(err, fs.ErrExist) {
		_, err = readPrivate(path)
		return err
	}
	if err != nil {
		return fmt.Errorf("creating %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// ensureEmpty creates a private file, or empties the private one that is there: what
// the AWS CLI wrote into the credentials file would come before the profile.
func ensureEmpty(path string) error {
	if err := ensureFile(path, nil); err != nil {
		return err
	}
	if text, err := readPrivate(path); err != nil || len(text) == 0 {
		return err
	}
	return replaceFile(path, nil)
}

// maxFile bounds what is read of a file of ours, in bytes.
const maxFile = 1 << 20

// readPrivate reads a file of this user that nobody else can read and that is no
// link.
func readPrivate(path string) ([]byte, error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, badState(path, "it cannot be read", err)
	}
	if len(data) > maxFile {
		return nil, badState(path, "it is larger than anything this task writes", errForeign)
	}
	return data, nil
}

// replaceFile puts content in place of a file in one step: readers see the old
// content or the new one. Nothing is synced to disk, because the directory does not
// outlive the job.
func replaceFile(path string, content []byte) error {
	return replaceWith(path, false, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func replaceWith(path string, executable bool, fill func(io.Writer) error) error {
	temp := path + tempInfix + NewID()
	f, err := createPrivate(temp, executable)
	if err != nil {
		return fmt.Errorf("creating temporary file: %w", err)
	}
	err = errors.Join(fill(f), f.Close())
	if err == nil {
		err = rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

// removeStale deletes the temporary files that killed writers of a file left. The
// caller holds the lock under which the file is written.
func removeStale(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(path)+tempInfix) {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}

// installBinary copies the running executable, unless the same one is there. A
// different one, of another version of the task, is replaced by renaming, so that a
// process which runs it goes on undisturbed.
func installBinary(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("opening own binary: %w", err)
	}
	defer src.Close()
	removeStale(to)
	if same, err := sameContent(src, to); err != nil || same {
		return err
	}
	return replaceWith(to, true, func(w io.Writer) error {
		if _, err := src.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, src)
		return err
	})
}

// sameContent compares a file with the private one at path; without one there the
// answer is no.
func sameContent(src io.Reader, path string) (bool, error) {
	f, err := openPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	const block = 1 << 16
	a, b := make([]byte, block), make([]byte, block)
	for {
		n, errA := io.ReadFull(src, a)
		m, errB := io.ReadFull(f, b)
		if !bytes.Equal(a[:n], b[:m]) {
			return false, nil
		}
		if errA != nil || errB != nil {
			return ended(errA) && ended(errB), nil
		}
	}
}

func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func asWriteFault(err error) error {
	if f, ok := fault.As(err); ok {
		return inTheWay(f)
	}
	return &fault.Fault{Code: fault.ProfileWrite, Summary: "the profile could not be written", Why: reason(err), Cause: err}
}

// inTheWay gives a step that cannot write because of what lies there other remedies
// than the user of a finished profile gets: running it again would change nothing.
func inTheWay(f *fault.Fault) error {
	if f.Code != fault.ProfileState {
		return f
	}
	g := *f
	g.Remedy = []string{"Find out what put that into the agent's temp directory, and delete it there.", variablesInstead}
	return &g
}

// reason is the system's words for an error, without the paths around them.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return "the system says: " + p.Err.Error()
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return "the system says: " + l.Err.Error()
	}
	return err.Error()
}

func badState(path, why string, cause error) error {
	return &fault.Fault{
		Code: fault.ProfileState, Summary: "the profile's files cannot be trusted or read",
		Why: fmt.Sprintf("%s: %s.", filepath.Base(path), why), Cause: cause,
	}
}
