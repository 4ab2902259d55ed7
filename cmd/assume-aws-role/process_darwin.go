package main

import (
	"os"
	"syscall"
	"time"
)

// forbidCoreDumps keeps the memory of the process, which holds secrets, out of files.
func forbidCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}

// endWithParent calls stop when the parent has ended: the system then gives the
// process another parent, but sends no signal.
func endWithParent(stop func()) {
	parent := os.Getppid()
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			if os.Getppid() != parent {
				stop()
				return
			}
		}
	}()
}
