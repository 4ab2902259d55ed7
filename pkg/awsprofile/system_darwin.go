package awsprofile

import (
	"time"

	"golang.org/x/sys/unix"
)

// noExecMount reports whether the file system of a directory refuses execution.
func noExecMount(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && s.Flags&unix.MNT_NOEXEC != 0
}

// sinceBoot is a clock that nobody sets; 0 when there is none. Sleep counts.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
