package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// printExecutable is what TestExecutableWithoutProc runs, before the script engine,
// which needs /proc itself.
func printExecutable() {
	if os.Getenv("AAR_PRINT_EXECUTABLE") != "" {
		path, err := executable()
		fmt.Println(path, err)
		os.Exit(0)
	}
}

var detector = regexp.MustCompile(`(?m)^==\d+==.*\n`)

// TestExecutableWithoutProc starts the program where /proc is not mounted: by its full
// path, as launcher and SDKs do, and by a relative one, which must not be guessed at.
func TestExecutableWithoutProc(t *testing.T) {
	t.Parallel()
	if exec.Command("unshare", "-rm", "true").Run() != nil {
		t.Skip("this user cannot mount a file system")
	}
	if os.Getenv("QEMU_LD_PREFIX") != "" {
		t.Skip("QEMU answers in the place of /proc")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for started, want := range map[string]string{
		self:                       self + " <nil>",
		"./" + filepath.Base(self): " " + errNowhere.Error(),
	} {
		cmd := exec.Command("unshare", "-rm", "sh", "-c", `mount -t tmpfs none /proc && exec "$0"`, started)
		cmd.Dir = filepath.Dir(self)
		cmd.Env = append(os.Environ(), "AAR_PRINT_EXECUTABLE=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("started as %s: %v, %s", started, err, out)
		}
		// The race detector warns in lines of its own that it finds no /proc.
		if said := detector.ReplaceAllString(string(out), ""); said != want+"\n" {
			t.Errorf("started as %s: said %q, want %q", started, said, want)
		}
	}
}
