//go:build !windows

package errno

import "syscall"

// Errors of connections.
var (
	Refused       = Class{syscall.ECONNREFUSED}
	Reset         = Class{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE}
	TimedOut      = Class{syscall.ETIMEDOUT}
	Unrouted      = Class{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN, syscall.EADDRNOTAVAIL}
	Forbidden     = Class{syscall.EACCES, syscall.EPERM}
	NoDescriptors = Class{syscall.EMFILE, syscall.ENFILE}
)

// Errors of files.
var (
	Full         = Class{syscall.ENOSPC}
	Quota        = Class{syscall.EDQUOT}
	ReadOnly     = Class{syscall.EROFS}
	NotPermitted = Class{syscall.EPERM}
	Denied       = Class{syscall.EACCES}
	Stale        = Class{syscall.ESTALE}
	Unsupported  = Class{syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.ENOLCK}
	NotEmpty     = Class{syscall.ENOTEMPTY, syscall.EEXIST}
	WrongFormat  = Class{syscall.ENOEXEC}
	// Busy are errors that pass when another process lets go of the file: here that of
	// starting a program that is still open for writing.
	Busy = Class{syscall.ETXTBSY}
	// Held is the answer to one who asks for a lock and will not wait.
	Held = Class{syscall.EWOULDBLOCK}
	// Blocked are errors by which a policy of the machine keeps a program from
	// starting; fapolicyd and SELinux answer as modes do.
	Blocked = Class{}
)
