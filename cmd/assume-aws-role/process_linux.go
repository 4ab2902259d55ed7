package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// forbidCoreDumps keeps the memory of the process, which holds secrets, out of files.
// The limit stops the kernel's own files; a program that collects dumps gets one
// whatever the limit says (core(5)), unless the process is marked as not dumpable.
func forbidCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// endWithParent lets the system send SIGTERM when the parent ends, and calls stop when
// the parent ended just before.
func endWithParent(stop func()) {
	parent := os.Getppid()
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0); err == nil && os.Getppid() != parent {
		stop()
	}
}
