package guest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// Wine runs Windows programs in a prefix of its own, which reports Windows 10.
type Wine struct {
	program, server, prefix string
	release                 func()
}

// wineDirectories are where distributions put the program itself. The command wine
// of Debian is a shell script, and a shell drops variables whose names hold a dash,
// as those of all service connections do.
var wineDirectories = []string{"/usr/lib/wine", "/usr/lib64/wine", "/opt/wine-stable/bin", "/opt/wine-devel/bin"}

// FindWine finds Wine and makes its prefix. The error says what is missing.
func FindWine(ctx context.Context) (*Wine, error) {
	for _, dir := range wineDirectories {
		w := &Wine{program: filepath.Join(dir, "wine64"), server: filepath.Join(dir, "wineserver")}
		if _, err := os.Stat(w.program); err != nil {
			continue
		}
		return w, w.prepare(ctx)
	}
	return nil, &absent{"wine64", "apt-get install wine64 wine"}
}

func (w *Wine) prepare(ctx context.Context) error {
	version, err := run(exec.CommandContext(ctx, w.program, "--version"))
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(strings.TrimSpace(version), " ")
	w.prefix, err = once(name, func(temp string) error {
		made := &Wine{program: w.program, server: w.server, prefix: temp}
		return made.makePrefix(ctx)
	})
	return err
}

func (w *Wine) makePrefix(ctx context.Context) error {
	defer w.kill()
	if _, err := run(w.Command(ctx, "wineboot", "-i")); err != nil {
		return fmt.Errorf("making a prefix: %w", err)
	}
	// Node refuses to start on older systems.
	if _, err := run(w.Command(ctx, "reg", "add", `HKCU\Software\Wine`, "/v", "Version", "/d", "win10", "/f")); err != nil {
		return fmt.Errorf("setting the version of Windows: %w", err)
	}
	random := filepath.Join(w.prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(random); err == nil {
		return nil
	}
	dll := forwardingDLL("bcryptprimitives.dll", map[string]string{"ProcessPrng": "ADVAPI32.SystemFunction036"})
	return os.WriteFile(random, dll, 0o644)
}

// Environment is what every command needs of this process's environment.
func (w *Wine) Environment() []string {
	return []string{
		"WINEPREFIX=" + w.prefix, "WINEDEBUG=-all", "WINEARCH=win64",
		// File names are UTF-8 for Wine, too.
		"LC_ALL=C.UTF-8",
		// Nothing to download and no menus to make.
		"WINEDLLOVERRIDES=mscoree,mshtml=;winemenubuilder.exe=d",
		"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH"),
	}
}

// Command runs a Windows program, given by its path in the eyes of Linux or, without
// a slash, by its name. Its environment is Environment; add to it.
func (w *Wine) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.program, append([]string{program}, args...)...)
	cmd.Env = w.Environment()
	return cmd
}

// Program is the emulator, for go test -exec.
func (w *Wine) Program() string { return w.program }

// Begin starts a server that stays until End, and the services that go with it: a
// program that has to start them shares its output with them. Another process that has
// begun is waited for, because one server serves a prefix.
func (w *Wine) Begin(ctx context.Context) error {
	lock := w.prefix + ".lock"
	if err := privatefile.Ensure(lock, nil); err != nil {
		return fmt.Errorf("locking the prefix of Wine: %w", err)
	}
	var err error
	if w.release, err = privatefile.Lock(ctx, lock); err != nil {
		return fmt.Errorf("locking the prefix of Wine: %w", err)
	}
	w.kill() // what a run that was killed has left
	cmd := exec.CommandContext(ctx, w.server, "-p60")
	cmd.Env = w.Environment()
	if _, err := run(cmd); err != nil {
		return fmt.Errorf("starting the server of Wine: %w", err)
	}
	_, err = run(w.Command(ctx, "cmd", "/c", "ver"))
	return err
}

// End ends the server and all programs in it.
func (w *Wine) End() {
	w.kill()
	if w.release != nil {
		w.release()
	}
}

func (w *Wine) kill() {
	cmd := exec.Command(w.server, "-k", "-w")
	cmd.Env = w.Environment()
	_ = cmd.Run()
}

// WindowsPath is how a Windows program names a file of this machine: drive Z is its
// root.
func WindowsPath(path string) string { return "Z:" + strings.ReplaceAll(path, "/", `\`) }

// LinuxPath is where a path of drive C or Z lies on this machine.
func (w *Wine) LinuxPath(path string) string {
	slashed := strings.ReplaceAll(path, `\`, "/")
	if rest, ok := strings.CutPrefix(slashed, "Z:"); ok {
		return rest
	}
	return filepath.Join(w.prefix, "drive_c", strings.TrimPrefix(slashed, "C:"))
}
