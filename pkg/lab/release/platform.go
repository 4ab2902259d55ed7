// Package release owns what becomes of the staged extension and the built programs:
// the canonical VSIX, the archives, the bill of materials, the notices and the checks
// of the result. It is used by cmd/release only and never shipped.
package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Name is the name of the program.
const Name = "assume-aws-role"

// Platform is a pair that the program is built for, in Go's words.
type Platform struct{ OS, Arch string }

// Platforms lists the supported pairs in the order of their files.
func Platforms() []Platform {
	return []Platform{
		{"darwin", "amd64"},
		{"darwin", "arm64"},
		{"linux", "amd64"},
		{"linux", "arm64"},
		{"windows", "amd64"},
		{"windows", "arm64"},
	}
}

// Key is the platform's key in the launcher's manifest.
func (p Platform) Key() string { return p.OS + "-" + p.Arch }

// File is the name of the platform's binary in the package. It always has an
// extension: the Marketplace drops parts whose content type it cannot look up.
func (p Platform) File() string {
	if p.OS == "windows" {
		return Name + "-" + p.Key() + ".exe"
	}
	return Name + "-" + p.Key() + ".bin"
}

// LauncherEntry is what the launcher knows of one binary: its name below task/bin and
// its size in bytes.
type LauncherEntry struct {
	File string `json:"file"`
	Size int    `json:"size"`
}

// launcherManifest renders the file by which the launcher finds the binary of its
// platform and sees that it is complete.
func launcherManifest(binaries map[Platform][]byte) ([]byte, error) {
	entries := map[string]LauncherEntry{}
	for p, content := range binaries {
		entries[p.Key()] = LauncherEntry{p.File(), len(content)}
	}
	doc, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the launcher's manifest: %w", err)
	}
	return append(doc, '\n'), nil
}

// Hash is the SHA-256 of content in lower-case hexadecimal digits.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
