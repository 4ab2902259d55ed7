package errno

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// Errors of connections. Winsock has its own numbers
// (https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2);
// the others come from the network below it.
var (
	Refused = Class{windows.WSAECONNREFUSED, syscall.ECONNREFUSED}
	Reset   = Class{
		windows.WSAECONNABORTED, windows.WSAECONNRESET, windows.WSAESHUTDOWN, windows.ERROR_NETNAME_DELETED, windows.ERROR_BROKEN_PIPE,
		syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
	}
	TimedOut = Class{windows.WSAETIMEDOUT, windows.ERROR_SEM_TIMEOUT, syscall.ETIMEDOUT}
	Unrouted = Class{
		windows.WSAEADDRNOTAVAIL, windows.WSAENETDOWN, windows.WSAENETUNREACH, windows.WSAEHOSTDOWN, windows.WSAEHOSTUNREACH,
		windows.ERROR_NETWORK_UNREACHABLE, windows.ERROR_HOST_UNREACHABLE, syscall.ENETUNREACH, syscall.EHOSTUNREACH,
	}
	Forbidden     = Class{windows.WSAEACCES, windows.ERROR_ACCESS_DENIED, syscall.EACCES}
	NoDescriptors = Class{windows.WSAEMFILE, windows.WSAENOBUFS, windows.ERROR_TOO_MANY_OPEN_FILES, syscall.EMFILE}
)

// Errors of files.
var (
	Full         = Class{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL}
	Quota        = Class{windows.ERROR_DISK_QUOTA_EXCEEDED, windows.ERROR_NOT_ENOUGH_QUOTA}
	ReadOnly     = Class{windows.ERROR_WRITE_PROTECT, windows.ERROR_FILE_READ_ONLY}
	NotPermitted = Class{windows.ERROR_PRIVILEGE_NOT_HELD, windows.ERROR_INVALID_OWNER}
	Denied       = Class{windows.ERROR_ACCESS_DENIED}
	Stale        = Class{windows.ERROR_NETNAME_DELETED, windows.ERROR_UNEXP_NET_ERR, windows.ERROR_DEV_NOT_EXIST, windows.ERROR_BAD_NETPATH}
	Unsupported  = Class{windows.ERROR_NOT_SUPPORTED, windows.ERROR_INVALID_FUNCTION, windows.ERROR_CALL_NOT_IMPLEMENTED}
	NotEmpty     = Class{windows.ERROR_DIR_NOT_EMPTY}
	WrongFormat  = Class{windows.ERROR_BAD_EXE_FORMAT, windows.ERROR_EXE_MACHINE_TYPE_MISMATCH}
	// Busy are errors that pass when another process lets go of the file: virus
	// scanners and indexers open new files and directories for moments, and a deleted
	// file stays until its last handle is closed.
	Busy = Class{windows.ERROR_ACCESS_DENIED, windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION}
	// Held is the answer to one who asks for a lock and will not wait.
	Held = Class{windows.ERROR_LOCK_VIOLATION, windows.ERROR_IO_PENDING}
	// Blocked are errors by which a policy of the machine keeps a program from
	// starting: AppLocker and software restriction policies, App Control, a scanner.
	Blocked = Class{
		windows.ERROR_ACCESS_DISABLED_BY_POLICY, windows.ERROR_ACCESS_DISABLED_WEBBLADE, windows.ERROR_ACCESS_DISABLED_NO_SAFER_UI_BY_POLICY,
		windows.ERROR_SYSTEM_INTEGRITY_POLICY_VIOLATION, windows.ERROR_SYSTEM_INTEGRITY_ROLLBACK_DETECTED,
		windows.ERROR_VIRUS_INFECTED, windows.ERROR_VIRUS_DELETED,
	}
)
