//go:build unix

package bench

import (
	"os"
	"runtime"
	"syscall"
)

// peak is the largest resident size of a finished process, in KiB.
func peak(s *os.ProcessState) int64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return usage.Maxrss / 1024
	}
	return usage.Maxrss
}
