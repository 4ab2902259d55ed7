package privatefile_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

func ensure(t *testing.T, content string) (path string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "private")
	if err := privatefile.MakeDir(dir); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "file")
	if err := privatefile.Ensure(path, []byte(content)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMadeThingsArePrivate(t *testing.T) {
	t.Parallel()
	path := ensure(t, "content")
	if err := privatefile.CheckDir(filepath.Dir(path)); err != nil {
		t.Errorf("directory: %v", err)
	}
	if got, err := privatefile.Read(path); string(got) != "content" || err != nil {
		t.Errorf("file: %q, %v", got, err)
	}
	if err := privatefile.Ensure(path, []byte("other")); err != nil {
		t.Errorf("ensured again: %v", err)
	}
	if got, _ := privatefile.Read(path); string(got) != "content" {
		t.Errorf("ensured again, the file holds %q", got)
	}
	if _, err := privatefile.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created again: %v", err)
	}
	if err := privatefile.MakeDir(filepath.Dir(path)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the directory is made again: %v", err)
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "absent")
	if _, err := privatefile.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read: %v", err)
	}
	if _, err := privatefile.Lock(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lock: %v", err)
	}
	if err := errors.Join(privatefile.Remove(path), privatefile.Remove(path)); err != nil {
		t.Errorf("remove: %v", err)
	}
}

// TestReadersSeeOldOrNew replaces a file under readers that come as often as processes
// do; none may find it absent or half.
func TestReadersSeeOldOrNew(t *testing.T) {
	t.Parallel()
	const size = 8 << 10
	content := func(b byte) []byte { return bytes.Repeat([]byte{b}, size) }
	path := ensure(t, string(content('a')))
	done := make(chan struct{})
	var reads atomic.Int32
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(3 * time.Millisecond):
				}
				got, err := privatefile.Read(path)
				reads.Add(1)
				if err != nil || len(got) != size {
					t.Errorf("read %d bytes, want %d: %v", len(got), size, err)
					return
				}
				if !bytes.Equal(got, content(got[0])) {
					t.Error("the file holds parts of two contents")
					return
				}
			}
		})
	}
	for i := range 100 {
		if err := privatefile.Replace(path, content(byte('a'+i%26))); err != nil {
			t.Errorf("replacing: %v", err)
			break
		}
	}
	close(done)
	readers.Wait()
	if reads.Load() == 0 {
		t.Error("nothing was read")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the directory holds %v, %v", entries, err)
	}
}

func TestLockExcludes(t *testing.T) {
	t.Parallel()
	path := ensure(t, "")
	var inside, most, total atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				release, err := privatefile.Lock(t.Context(), path)
				if err != nil {
					t.Errorf("lock: %v", err)
					return
				}
				most.Store(max(most.Load(), inside.Add(1)))
				total.Add(1)
				inside.Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 || total.Load() != 40 {
		t.Errorf("%d holders at once in %d locks, want 1 in 40", most.Load(), total.Load())
	}
}

// TestLockedFile holds a lock and does beside it what others may do: the file is there
// for them, can be deleted, and counts for nothing then.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	path := ensure(t, "")
	release, err := privatefile.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := privatefile.Ensure(path, nil); err != nil {
		t.Errorf("ensured while it is locked: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := privatefile.Lock(over, path); !errors.Is(err, context.Canceled) {
		t.Errorf("locked twice: %v", err)
	}
	waiter := make(chan error)
	go func() {
		_, err := privatefile.Lock(t.Context(), path)
		waiter <- err
	}()
	<-time.After(40 * time.Millisecond) // time for the waiter to open the file
	if err := privatefile.RemoveLock(path); err != nil {
		t.Errorf("deleted while it is locked: %v", err)
	}
	release()
	if err := <-waiter; !errors.Is(err, privatefile.ErrGone) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a waiter got %v, want %v", err, privatefile.ErrGone)
	}
	if err := privatefile.Remove(filepath.Dir(path)); err != nil {
		t.Errorf("the directory stays: %v", err)
	}
}

func TestRenameDirKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	from, to := filepath.Dir(ensure(t, "")), filepath.Dir(ensure(t, ""))
	if err := privatefile.RenameDir(from, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v, want %v", err, fs.ErrExist)
	}
	if err := privatefile.RenameDir(from+"-absent", to+"-other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
	if err := privatefile.RenameDir(from, to+"-other"); err != nil {
		t.Error(err)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	path := ensure(t, "")
	if err := os.Truncate(path, privatefile.MaxSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := privatefile.Read(path); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("read: %v", err)
	}
}
