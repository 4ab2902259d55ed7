package release

import (
	"fmt"
	"io"
	"os"
)

// writeFile creates a file and removes it again when writing fails.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("creating a file: %w", err)
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
		if err != nil {
			_ = os.Remove(name)
		}
	}()
	return write(f)
}
