//go:build !windows

package foreign

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSpecialFiles are refused at once and by their kind, without a wait for whoever may
// be at the other end.
func TestSpecialFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, loop, socket := filepath.Join(dir, "pipe"), filepath.Join(dir, "loop"), filepath.Join(dir, "s")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{loop: loop, filepath.Join(dir, "to-pipe"): pipe} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	kindOfSocket := "a socket"
	if listener, err := net.Listen("unix", socket); err == nil { // the path may be too long for one
		t.Cleanup(func() { _ = listener.Close() })
	} else {
		socket, kindOfSocket = pipe, "a pipe"
	}
	for name, want := range map[string]string{
		pipe: "a pipe", filepath.Join(dir, "to-pipe"): "a pipe", socket: kindOfSocket, dir: "a directory",
		"/dev/zero": "a device", "/dev/tty": "a device",
	} {
		_, err := ReadFile(t.Context(), name)
		if !errors.Is(err, ErrNotRegular) || !strings.HasPrefix(err.Error(), want+",") {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := ReadFile(t.Context(), loop); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link to itself: %v", err)
	}
}
