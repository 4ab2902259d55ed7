package foreign

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, size int64) string {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return f.Name()
	}
	for name, tt := range map[string]struct {
		file string
		size int
		want error
	}{
		"empty":         {write("empty", 0), 0, nil},
		"largest":       {write("largest", MaxFile), MaxFile, nil},
		"too large":     {write("large", MaxFile+1), 0, ErrTooLarge},
		"sparse, 2 GiB": {write("sparse", 2<<30), 0, ErrTooLarge},
		"directory":     {dir, 0, ErrNotRegular},
		"absent":        {filepath.Join(dir, "absent"), 0, fs.ErrNotExist},
	} {
		data, err := ReadFile(t.Context(), tt.file)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		if len(data) != tt.size {
			t.Errorf("%s: %d bytes, want %d", name, len(data), tt.size)
		}
	}
}

func TestReadStream(t *testing.T) {
	t.Parallel()
	data, err := ReadStream(t.Context(), strings.NewReader("a policy"))
	if err != nil || string(data) != "a policy" {
		t.Errorf("read %q, error %v", data, err)
	}
	if _, err := ReadStream(t.Context(), endless{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an endless stream: %v", err)
	}
}

// TestContextEndsEveryRead ends a read of a stream that never delivers.
func TestContextEndsEveryRead(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	silent, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	cancel()
	if _, err := ReadStream(ctx, silent); !errors.Is(err, context.Canceled) {
		t.Errorf("a silent stream: %v", err)
	}
}

// TestPanic: a panic in a goroutine would end the program without a word.
func TestPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if err := Within(context.WithoutCancel(t.Context()), func() error { panic("canary") }); !errors.Is(err, ErrPanicked) {
			t.Errorf("a panic: %v", err)
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
