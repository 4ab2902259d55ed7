package awsprofile

import (
	"time"

	"golang.org/x/sys/windows"
)

// noExecMount has nothing to ask: Windows has no such mounts.
func noExecMount(string) bool { return false }

// sinceBoot is a clock that nobody sets. Sleep counts.
func sinceBoot() time.Duration { return windows.DurationSinceBoot() }

// openAncestor has nothing to ask: the agent's folder is commonly made below C:\, whose
// access list lets every user of the machine change what is in it, and so would be
// refused everywhere. docs/profile.md says so.
func openAncestor(string) string { return "" }

// shortName returns a path with the 8.3 names that its folders have, "" when the system
// cannot tell.
func shortName(path string) string {
	long, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return ""
	}
	var buffer [windows.MAX_LONG_PATH]uint16
	n, err := windows.GetShortPathName(long, &buffer[0], windows.MAX_LONG_PATH)
	if err != nil || n == 0 || n > windows.MAX_LONG_PATH {
		return ""
	}
	return windows.UTF16ToString(buffer[:n])
}
