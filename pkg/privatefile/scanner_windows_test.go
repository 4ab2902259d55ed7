package privatefile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// scan opens every new file below a directory and lets nobody else have it for a while,
// as virus scanners do, until the test ends. It returns a count of the files it has had.
func scan(t *testing.T, root string) (held func() int) {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
				mu.Lock()
				defer mu.Unlock()
				if err == nil && !d.IsDir() && !seen[path] && hold(&wg, path) {
					seen[path] = true
				}
				return nil
			})
		}
	})
	t.Cleanup(func() {
		close(done)
		wg.Wait()
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
}

// hold opens a file without sharing it and closes it 30 ms later.
func hold(wg *sync.WaitGroup, path string) bool {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return false
	}
	const shareNothing = 0
	h, err := windows.CreateFile(name, windows.GENERIC_READ, shareNothing, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return false
	}
	wg.Go(func() {
		<-time.After(30 * time.Millisecond)
		_ = windows.CloseHandle(h)
	})
	return true
}

func TestVirusScanner(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	held := scan(t, root)
	for range 10 {
		dir := filepath.Join(root, "making")
		path := filepath.Join(root, "made", "file")
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"make", func() error { return privatefile.MakeDir(dir) }},
			{"ensure", func() error { return privatefile.Ensure(filepath.Join(dir, "file"), []byte("old")) }},
			{"rename", func() error { return privatefile.RenameDir(dir, filepath.Dir(path)) }},
			{"ensure again", func() error { return privatefile.Ensure(path, nil) }},
			{"lock", func() error {
				release, err := privatefile.Lock(t.Context(), path)
				if err == nil {
					release()
				}
				return err
			}},
			{"replace", func() error { return privatefile.Replace(path, []byte("new")) }},
			{"read", func() error {
				_, err := privatefile.Read(path)
				return err
			}},
			{"remove", func() error { return privatefile.Remove(path) }},
			{"remove directory", func() error { return privatefile.Remove(filepath.Dir(path)) }},
		} {
			if err := step.do(); err != nil {
				t.Fatalf("the step %s failed: %v", step.name, err)
			}
		}
	}
	if held() == 0 {
		t.Error("the scanner has had no file, so nothing was shown")
	}
}

// TestRunningProgram replaces and removes a program that runs.
func TestRunningProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "program.exe")
	put := func() error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		src, err := os.Open(self)
		if err != nil {
			return err
		}
		defer src.Close()
		return privatefile.ReplaceProgram(path, src)
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-test.run", "^TestWaitForInput$")
	cmd.Env = append(os.Environ(), "AAR_WAIT=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := put(); err != nil {
		t.Errorf("replacing a running program: %v", err)
	}
	if err := privatefile.Remove(path); err != nil {
		t.Errorf("removing its successor: %v", err)
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the running program: %v", err)
	}
	if err := privatefile.RemoveStale(path); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestWaitForInput is the program of TestRunningProgram.
func TestWaitForInput(t *testing.T) {
	if os.Getenv("AAR_WAIT") == "" {
		t.Skip("a helper of another test")
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
}
