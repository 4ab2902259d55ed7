//go:build !windows

package foreign

import (
	"errors"
	"net"
	"os"
	"path/filepath"
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
	if listener, err := net.Listen("unix", socket); err == nil { // the path may be too long for one
		t.Cleanup(func() { _ = listener.Close() })
	} else {
		socket = pipe
	}
	for name, want := range map[string]error{
		pipe: ErrNotRegular, filepath.Join(dir, "to-pipe"): ErrNotRegular, loop: syscall.ELOOP,
		socket: ErrNotRegular, "/dev/zero": ErrNotRegular, "/dev/tty": ErrNotRegular,
	} {
		_, err := ReadFile(t.Context(), name)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}
