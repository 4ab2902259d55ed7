//go:build !windows

package network

import "syscall"

// The system's errors of connections, each by all its numbers. Comparisons go through
// these lists alone.
var (
	refusedErrors     = []syscall.Errno{syscall.ECONNREFUSED}
	resetErrors       = []syscall.Errno{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
	timeoutErrors     = []syscall.Errno{syscall.ETIMEDOUT}
	unroutedErrors    = []syscall.Errno{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN, syscall.EADDRNOTAVAIL}
	forbiddenErrors   = []syscall.Errno{syscall.EACCES, syscall.EPERM}
	descriptorsErrors = []syscall.Errno{syscall.EMFILE, syscall.ENFILE}
)
