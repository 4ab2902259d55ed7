package main

import (
	"errors"
	"os"
	"path/filepath"
)

var errNowhere = errors.New("the system does not say where the program lies (is /proc mounted?), and it was not started by its full path")

// executable is the path of this program. Where /proc is not mounted, in some chroots
// and containers, the system does not know it; the path by which the program was
// started does then, as the launcher and the AWS config file give all of it.
func executable() (string, error) {
	if path, err := os.Executable(); err == nil {
		return path, nil
	}
	started := os.Args[0]
	//nolint:gosec // the path is that of this very program; its caller could start another
	if info, err := os.Stat(started); !filepath.IsAbs(started) || err != nil || !info.Mode().IsRegular() {
		return "", errNowhere
	}
	return started, nil
}
