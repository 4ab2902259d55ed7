//go:build !windows

package foreign

import "syscall"

// nonBlocking keeps the opening of a pipe from waiting for a writer, and a terminal from
// becoming this program's own.
const nonBlocking = syscall.O_NONBLOCK | syscall.O_NOCTTY
