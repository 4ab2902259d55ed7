package main

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// forbidCoreDumps has nothing to do: Go's runtime keeps Windows Error Reporting from
// writing a dump unless GOTRACEBACK asks for one.
func forbidCoreDumps() {}

// endWithParent calls stop when the parent has ended.
func endWithParent(stop func()) {
	go func() {
		parent, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(os.Getppid()))
		if err == nil {
			_, err = windows.WaitForSingleObject(parent, windows.INFINITE)
		}
		if err == nil || errors.Is(err, windows.ERROR_INVALID_PARAMETER) { // no such process
			stop()
		}
	}()
}
