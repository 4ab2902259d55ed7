package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// forbidCoreDumps has nothing to do: Go's runtime keeps Windows Error Reporting from
// writing a dump unless GOTRACEBACK asks for one.
func forbidCoreDumps() {}

// endWithParent calls stop when the parent has ended. A process whose parent the system
// does not know has none to wait for.
func endWithParent(stop func()) {
	go func() {
		parent, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(os.Getppid()))
		if err != nil {
			return
		}
		if _, err := windows.WaitForSingleObject(parent, windows.INFINITE); err == nil {
			stop()
		}
	}()
}
