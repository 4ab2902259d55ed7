package awsprofile

import (
	"time"

	"golang.org/x/sys/windows"
)

// noExecMount has nothing to ask: Windows has no such mounts.
func noExecMount(string) bool { return false }

// sinceBoot is a clock that nobody sets. Sleep counts.
func sinceBoot() time.Duration { return windows.DurationSinceBoot() }
