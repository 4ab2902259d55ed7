package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

// Key is the platform's key in the hash manifest.
func (p Platform) Key() string { return p.OS + "-" + p.Arch }

// File is the name of the platform's binary in the package. It always has an
// extension: the Marketplace drops parts whose content type it cannot look up.
func (p Platform) File() string {
	if p.OS == "windows" {
		return Name + "-" + p.Key() + ".exe"
	}
	return Name + "-" + p.Key() + ".bin"
}

// HashEntry is what the launcher knows of one binary.
type HashEntry struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// HashManifest renders the manifest of the binaries in dir. It protects against
// damage and partial extraction, not against someone who can write the folder.
func HashManifest(dir string) ([]byte, error) {
	entries := map[string]HashEntry{}
	for _, p := range Platforms() {
		content, err := os.ReadFile(filepath.Join(dir, p.File()))
		if err != nil {
			return nil, fmt.Errorf("hashing the binaries: %w", err)
		}
		entries[p.Key()] = HashEntry{p.File(), Hash(content)}
	}
	doc, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the hash manifest: %w", err)
	}
	return append(doc, '\n'), nil
}

// Hash is the SHA-256 of content in lower-case hexadecimal digits.
func Hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
