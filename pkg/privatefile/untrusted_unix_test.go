//go:build !windows

package privatefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// nobody is a user that does not run these tests.
const nobody = 65534

// spoil skips what only root can do, and root only where the system knows other users.
func spoil(t *testing.T, do func(string) error, path string) {
	t.Helper()
	err := do(path)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		t.Skip("this user cannot give a file away")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestUntrustedFiles makes one file untrustworthy in each way and wants the way named.
func TestUntrustedFiles(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(path string) error
		why   string
		cause error
		// shared says whether a file without secrets may be so.
		shared bool
	}{
		"readable by the group": {func(p string) error { return os.Chmod(p, 0o640) }, "its mode opens it to other users", fs.ErrPermission, true},
		"executable by others":  {func(p string) error { return os.Chmod(p, 0o601) }, "its mode opens it to other users", fs.ErrPermission, true},
		"a link":                {func(p string) error { return errors.Join(os.Rename(p, p+"2"), os.Symlink(p+"2", p)) }, "it cannot be opened, or is a link", syscall.ELOOP, false},
		"a directory":           {func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }, "it is not a regular file, or is a link", fs.ErrInvalid, false},
		"a pipe":                {func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) }, "it is not a regular file, or is a link", fs.ErrInvalid, false},
		"of another user":       {func(p string) error { return os.Chown(p, nobody, nobody) }, "it belongs to another user than the one running this process", fs.ErrPermission, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := ensure(t, "content")
			spoil(t, tt.spoil, path)
			_, err := privatefile.Read(path)
			var untrusted *privatefile.Untrusted
			if !errors.As(err, &untrusted) || err.Error() != "file: "+tt.why {
				t.Fatalf("read: %v, want %q", err, tt.why)
			}
			if !errors.Is(err, tt.cause) {
				t.Errorf("the cause is %v, want %v", untrusted.Err, tt.cause)
			}
			content, private, err := privatefile.ReadShared(path)
			if private || (err == nil) != tt.shared {
				t.Errorf("read as shared: private %v, error %v", private, err)
			}
			if (string(content) == "content") != tt.shared {
				t.Errorf("read as shared it holds %q", content)
			}
			err = privatefile.Ensure(path, nil)
			if errors.As(err, &untrusted) == tt.shared || (err == nil) != tt.shared {
				t.Errorf("ensured: %v", err)
			}
		})
	}
}

// TestUntrustedDirectories does the same with a directory.
func TestUntrustedDirectories(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(path string) error
		why   string
		own   bool
	}{
		"as it was made":        {func(string) error { return nil }, "", true},
		"readable by the group": {func(p string) error { return os.Chmod(p, 0o740) }, "its mode opens it to other users", true},
		"a file":                {func(p string) error { return errors.Join(os.Remove(p), os.WriteFile(p, nil, 0o600)) }, "it is not a directory, or is a link", false},
		"a link":                {func(p string) error { return errors.Join(os.Rename(p, p+"2"), os.Symlink(p+"2", p)) }, "it is not a directory, or is a link", false},
		"gone":                  {os.Remove, "the directory cannot be read", false},
		"of another user":       {func(p string) error { return os.Chown(p, nobody, nobody) }, "it belongs to another user than the one running this process", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "private")
			if err := privatefile.MakeDir(dir); err != nil {
				t.Fatal(err)
			}
			spoil(t, tt.spoil, dir)
			err := privatefile.CheckDir(dir)
			why := ""
			if untrusted, ok := errors.AsType[*privatefile.Untrusted](err); ok {
				why = untrusted.Why
			}
			if (err == nil) != (tt.why == "") || why != tt.why {
				t.Errorf("the error is %v, want %q", err, tt.why)
			}
			if got := privatefile.OwnDir(dir); got != tt.own {
				t.Errorf("it is said to be one's own: %v", got)
			}
		})
	}
}

// TestModes are those of files and programs, whatever the umask takes away.
func TestModes(t *testing.T) {
	t.Parallel()
	file := ensure(t, "old")
	program := filepath.Join(filepath.Dir(file), "program")
	if err := errors.Join(privatefile.Replace(file, []byte("new")), privatefile.ReplaceProgram(program, strings.NewReader("code"))); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{filepath.Dir(file): fs.ModeDir | 0o700, file: 0o600, program: 0o700} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s has %v, want %v: %v", path, info.Mode(), want, err)
		}
	}
	if got, err := privatefile.Read(program); string(got) != "code" || err != nil {
		t.Errorf("the program holds %q: %v", got, err)
	}
	content, private, err := privatefile.ReadShared(file)
	if string(content) != "new" || err != nil {
		t.Errorf("read as shared: %q, %v", content, err)
	}
	if !private {
		t.Error("a private file is not said to be private")
	}
}

// TestLeftovers: nothing stays of a file that could not be written, and what killed
// writers left can be removed.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	path := ensure(t, "content")
	dir := filepath.Dir(path)
	if err := privatefile.ReplaceProgram(path, failing{}); !errors.Is(err, syscall.EIO) {
		t.Errorf("a program that cannot be read: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := privatefile.Replace(filepath.Join(dir, "taken"), nil); err == nil {
		t.Error("a directory is replaced by a file")
	}
	if err := privatefile.Replace(filepath.Join(dir, "absent", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file without a directory: %v", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"file", "taken"}) {
		t.Errorf("the directory holds %q", got)
	}
	for _, name := range []string{"file.tmp-1", "file.tmp-2", "file.tmp", "other.tmp-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := privatefile.RemoveStale(path); err != nil {
		t.Errorf("removing: %v", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"file", "file.tmp", "other.tmp-1", "taken"}) {
		t.Errorf("the directory holds %q", got)
	}
	if err := os.MkdirAll(filepath.Join(dir, "file.tmp-3", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := privatefile.RemoveStale(path); !errors.Is(err, syscall.ENOTEMPTY) {
		t.Errorf("what stays is not reported: %v", err)
	}
	if err := privatefile.RemoveStale(filepath.Join(dir, "absent", "file")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that cannot be read is not reported: %v", err)
	}
}

// TestLargest: a file of the greatest size is read.
func TestLargest(t *testing.T) {
	t.Parallel()
	path := ensure(t, "")
	if err := os.Truncate(path, privatefile.MaxSize); err != nil {
		t.Fatal(err)
	}
	if got, err := privatefile.Read(path); len(got) != privatefile.MaxSize || err != nil {
		t.Errorf("read %d bytes: %v", len(got), err)
	}
}

// TestLocksThatAreGone: one who cannot remove a lock hears of it.
func TestLocksThatAreGone(t *testing.T) {
	t.Parallel()
	path := ensure(t, "")
	if err := errors.Join(privatefile.RemoveLock(path), privatefile.RemoveLock(path)); err != nil {
		t.Errorf("removed twice: %v", err)
	}
	if err := privatefile.RemoveLock(filepath.Join(path, "x")); !errors.Is(err, fs.ErrNotExist) && err != nil {
		t.Errorf("in a directory that is none: %v", err)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 0 {
		t.Errorf("the directory holds %q", got)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, syscall.EIO }

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestPersist: what is busy is tried again for 2 s, with waits of at most 16 ms; what is
// not is reported at once.
func TestPersist(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			err   error
			until int // the try that succeeds; 0 for none
			tries int
			took  time.Duration
		}{
			"at once":         {syscall.ETXTBSY, 1, 1, 0},
			"at the sixth":    {syscall.ETXTBSY, 6, 6, 31 * time.Millisecond},
			"at the eighth":   {syscall.ETXTBSY, 8, 8, 63 * time.Millisecond},
			"never":           {syscall.ETXTBSY, 0, 130, 2015 * time.Millisecond},
			"of another kind": {syscall.EACCES, 0, 1, 0},
		} {
			tries, from := 0, time.Now()
			err := privatefile.Persist(func() error {
				if tries++; tries == tt.until {
					return nil
				}
				return tt.err
			})
			if tries != tt.tries || time.Since(from) != tt.took {
				t.Errorf("%s: %d tries in %s, want %d in %s", name, tries, time.Since(from), tt.tries, tt.took)
			}
			var want error
			if tt.until == 0 {
				want = tt.err
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: the error is %v, want %v", name, err, want)
			}
		}
	})
}
