package awsprofile

import (
	"time"

	"golang.org/x/sys/unix"
)

// stNoExec is ST_NOEXEC of the flags in statfs(2).
const stNoExec = 0x8

// noExecMount reports whether the file system of a directory refuses execution.
func noExecMount(dir string) bool {
	var s unix.Statfs_t
	return unix.Statfs(dir, &s) == nil && s.Flags&stNoExec != 0
}

// sinceBoot is a clock that nobody sets; 0 when there is none. Sleep counts.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
