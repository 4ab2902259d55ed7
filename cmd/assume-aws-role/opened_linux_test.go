package main

import (
	"bytes"
	"encoding/binary"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

type openedKey struct{}

// opens watches directories: the kernel tells of every opening of a file in them, by
// whichever path it was reached.
type opens struct{ fd int }

// watchCommand begins to count the files that are opened in directories: watch DIR….
func watchCommand(ts *testscript.TestScript, _ bool, args []string) {
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	ts.Check(err)
	ts.Defer(func() { _ = syscall.Close(fd) })
	for _, dir := range args {
		// Closings are asked for, too: the kernel makes one event of two equal ones in a row.
		_, err := syscall.InotifyAddWatch(fd, ts.MkAbs(dir), syscall.IN_OPEN|syscall.IN_CLOSE)
		ts.Check(err)
	}
	box, ok := ts.Value(openedKey{}).(*opens)
	if !ok {
		ts.Fatalf("no place for the watch")
	}
	box.fd = fd
}

// openedCommand compares the files opened since the last time with a list of all that may
// have been, and how often: opened NAME=N….
func openedCommand(ts *testscript.TestScript, _ bool, args []string) {
	box, ok := ts.Value(openedKey{}).(*opens)
	if !ok {
		ts.Fatalf("nothing is watched")
	}
	got, want := box.drain(), map[string]int{}
	for _, arg := range args {
		name, count, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(count)
		ts.Check(err)
		want[name] = n
	}
	if !maps.Equal(got, want) {
		ts.Fatalf("opened %v, want %v", got, want)
	}
}

// drain counts the events that have come since, by the file's name; a directory that was
// opened itself counts as ".".
func (o *opens) drain() map[string]int {
	count := map[string]int{}
	buffer := make([]byte, 64<<10)
	for {
		n, err := syscall.Read(o.fd, buffer)
		if err != nil || n < syscall.SizeofInotifyEvent {
			return count
		}
		for b := buffer[:n]; len(b) >= syscall.SizeofInotifyEvent; {
			length := int(binary.NativeEndian.Uint32(b[12:16]))
			name := string(bytes.TrimRight(b[syscall.SizeofInotifyEvent:syscall.SizeofInotifyEvent+length], "\x00"))
			if binary.NativeEndian.Uint32(b[4:8])&syscall.IN_OPEN != 0 {
				count[filepath.Base(name)]++
			}
			b = b[syscall.SizeofInotifyEvent+length:]
		}
	}
}
