package clients

import (
	"context"
	"errors"
	"fmt"
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
