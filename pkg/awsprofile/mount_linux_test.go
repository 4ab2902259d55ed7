package awsprofile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoExecMounts asks about file systems of this machine what their options say.
func TestNoExecMounts(t *testing.T) {
	t.Parallel()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Skip("no list of file systems")
	}
	for _, dir := range []string{"/proc", "/sys"} {
		var options []string
		for line := range strings.Lines(string(mounts)) {
			if f := strings.Fields(line); len(f) > 3 && f[1] == dir {
				options = append(options, f[3])
			}
		}
		if len(options) != 1 {
			continue // which of several counts, the list does not say
		}
		if want := slices.Contains(strings.Split(options[0], ","), "noexec"); noExecMount(dir) != want {
			t.Errorf("%s is mounted noexec: %v, want %v", dir, !want, want)
		}
	}
	if noExecMount("/absent") {
		t.Error("a directory that is not there is mounted noexec")
	}
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
