package errno_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
)

// The errors are real ones of the system that the test runs on.

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = net.Dial("tcp", address)
	if !errno.Refused.Has(fmt.Errorf("asking: %w", err)) {
		t.Errorf("not recognised as refused: %v", err)
	}
	if errno.Reset.Has(err) {
		t.Errorf("recognised as reset: %v", err)
	}
}

func TestDirectoryThatIsNotEmpty(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); !errno.NotEmpty.Has(err) {
		t.Errorf("not recognised as not empty: %v", err)
	}
}

func TestFullDevice(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no device that is always full")
	}
	defer full.Close()
	if _, err := full.Write([]byte("x")); !errno.Full.Has(err) {
		t.Errorf("not recognised as full: %v", err)
	}
}

func TestNoErrorIsOfNoClass(t *testing.T) {
	t.Parallel()
	if errno.Busy.Has(nil) || errno.Full.Has(os.ErrClosed) {
		t.Error("an error without a number is of a class")
	}
}
