package awsprofile

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestNoExecMounts mounts file systems that do and do not run programs, for one thread that
// ends with the test.
func TestNoExecMounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if noExecMount(filepath.Join(dir, "absent")) {
		t.Error("a directory that is not there is mounted noexec")
	}
	done := make(chan error)
	for _, flags := range []uintptr{0, unix.MS_NOEXEC, unix.MS_RDONLY, unix.MS_NOEXEC | unix.MS_RDONLY} {
		go func() {
			runtime.LockOSThread() // for good: the thread ends with this function
			err := mountForThread(dir, flags)
			if got, want := noExecMount(dir), flags&unix.MS_NOEXEC != 0; err == nil && got != want {
				t.Errorf("mounted with the flags %#x: noexec %v, want %v", flags, got, want)
			}
			done <- err
		}()
		if err := <-done; err != nil {
			t.Skipf("this user mounts nothing: %v", err)
		}
	}
}

// mountForThread mounts an empty file system that only the calling thread sees.
func mountForThread(dir string, flags uintptr) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("none", dir, "tmpfs", flags, "")
}

// TestBusyProgram: a program that another process is still writing is started again.
func TestBusyProgram(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "program")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("#!/bin/sh\necho assume-aws-role\n"); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(30*time.Millisecond, func() { _ = syscall.Close(fd) })
	if said, err := runVersion(t.Context(), path); said != "assume-aws-role\n" || err != nil {
		t.Errorf("it said %q: %v", said, err)
	}
}
