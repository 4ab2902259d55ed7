// Package foreign owns what comes from outside this program: files that others name and
// texts that servers send. A file is read only as far as it is safe to read, and a text
// is quoted only after every known secret has been taken out of it. It must not know what
// either is for.
package foreign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxFile bounds what is read of a file or stream, in bytes. Bundles, policies and tokens
// are far smaller.
const MaxFile = 4 << 20

// Errors of files that are not read.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("larger than 4 MiB")
)

// ReadFile reads a file that a variable, an input or an argument names. It must be
// regular and hold at most MaxFile bytes: a named pipe would never end, and a device
// could be anything. The context bounds the whole, on a file system that does not answer,
// too. The error is ErrNotRegular, ErrTooLarge, the context's or an *fs.PathError.
func ReadFile(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	err := Within(ctx, func() (err error) {
		data, err = read(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// ReadStream reads a stream to its end, at most MaxFile bytes, under the context. After
// the context has ended the stream must not be used any more.
func ReadStream(ctx context.Context, r io.Reader) ([]byte, error) {
	var data []byte
	err := Within(ctx, func() (err error) {
		data, err = bounded(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// ErrPanicked stands for a panic in what Within runs; what it carried could hold anything.
var ErrPanicked = errors.New("internal error")

// Within runs do, and returns the context's error when that ends first. What do has
// begun goes on then, so nothing it shares with the caller may be used.
func Within(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if recover() != nil {
				done <- ErrPanicked
			}
		}()
		done <- do()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read looks at the file before it opens it, because opening a device can have an effect,
// and once more at what it has opened.
func read(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := readable(info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if err := readable(info); err != nil {
		return nil, err
	}
	return bounded(f)
}

func readable(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s, %w", kind(info.Mode()), ErrNotRegular)
	}
	if info.Size() > MaxFile {
		return ErrTooLarge
	}
	return nil
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a special file"
}

func bounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, ErrTooLarge
	}
	return data, nil
}
