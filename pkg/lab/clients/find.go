package clients

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// AWSCLI looks for version 2 along a search path, because version 1 often comes first,
// and returns where it is.
func AWSCLI(ctx context.Context, searchPath string) (string, error) {
	for _, dir := range filepath.SplitList(searchPath) {
		path := filepath.Join(dir, "aws")
		out, err := exec.CommandContext(ctx, path, "--version").Output()
		if err == nil && strings.HasPrefix(string(out), "aws-cli/2.") {
			return path, nil
		}
	}
	return "", errors.New("no aws of version 2 on the path (apt-get install awscli)")
}

// BuildGo builds a package of the module in dir as the file target, without cgo.
func BuildGo(dir, pkg, target string) error {
	cmd := exec.Command("go", "build", "-o", target, pkg)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOFLAGS=-mod=readonly", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w: %s", pkg, err, out)
	}
	return nil
}

// InstallJavaScript installs the SDK that dir pins, unless it is there.
func InstallJavaScript(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@aws-sdk", "client-sts")); err == nil {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in %s: %w: %s", dir, err, out)
	}
	return nil
}
