package network

import "syscall"

// The system's errors of connections, each by all its numbers. Winsock has its own
// (learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2), which are not
// the syscall package's POSIX names: those are inventions of Go there. Comparisons go
// through these lists alone.
var (
	refusedErrors     = []syscall.Errno{10061, syscall.ECONNREFUSED}
	resetErrors       = []syscall.Errno{10053, 10054, 10058, 64, syscall.ERROR_BROKEN_PIPE, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
	timeoutErrors     = []syscall.Errno{10060, 121, syscall.ETIMEDOUT}
	unroutedErrors    = []syscall.Errno{10049, 10050, 10051, 10064, 10065, 1231, 1232, syscall.ENETUNREACH, syscall.EHOSTUNREACH}
	forbiddenErrors   = []syscall.Errno{10013, syscall.ERROR_ACCESS_DENIED, syscall.EACCES}
	descriptorsErrors = []syscall.Errno{10024, 10055, syscall.EMFILE}
)
