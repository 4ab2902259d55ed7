package release

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packedExtension is the package that build.sh has just made.
func packedExtension(t *testing.T) string {
	t.Helper()
	file := os.Getenv("AAR_VSIX")
	if file == "" {
		t.Skip("no package: AAR_VSIX is not set, run ./build.sh test")
	}
	return file
}

func TestPackedExtensionPasses(t *testing.T) {
	t.Parallel()
	if err := Check(packedExtension(t)); err != nil {
		t.Error(err)
	}
}

func TestPackedExtensionIsCanonical(t *testing.T) {
	t.Parallel()
	parts, err := readParts(packedExtension(t))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	for _, want := range []string{
		"extension.vsixmanifest", "extension.vsomanifest", "README.md", "LICENSE", "docs/images/extension-icon.png", "task/task.json",
		"task/index.js", "task/post.js", "task/icon.png", "task/THIRD-PARTY-NOTICES.txt", "task/bin/manifest.json",
	} {
		if content(parts, want) == nil {
			t.Errorf("%s is missing from %v", want, names)
		}
	}
}

// TestCheckFindsDamage rewrites the package with one fault each.
func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	linux, darwin := "task/bin/"+Platform{"linux", "amd64"}.File(), "task/bin/"+Platform{"darwin", "arm64"}.File()
	for name, tt := range map[string]struct {
		part, want string
		change     func([]byte) []byte
	}{
		"a cut binary":          {linux, "does not match the launcher's manifest", func(b []byte) []byte { return b[:len(b)/2] }},
		"a changed version":     {"task/task.json", "its task 1.0.7", func(b []byte) []byte { return bytes.Replace(b, []byte(`"Patch": 0`), []byte(`"Patch": 7`), 1) }},
		"an unregistered part":  {contentTypesPart, "has no content type", func(b []byte) []byte { return bytes.Replace(b, []byte(".bin"), []byte(".xyz"), 1) }},
		"a missing mac program": {darwin, "does not match the launcher's manifest", func([]byte) []byte { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "x.vsix")
			rewrite(t, packedExtension(t), file, tt.part, tt.change)
			if err := Check(file); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want %q, got %v", tt.want, err)
			}
			if err := Compare(packedExtension(t), file); err == nil || !strings.Contains(err.Error(), tt.part+" differs") {
				t.Errorf("the comparison does not name %s: %v", tt.part, err)
			}
		})
	}
}

func rewrite(t *testing.T, from, to, part string, change func([]byte) []byte) {
	t.Helper()
	r, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = writeFile(to, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, f := range r.File {
			if f.Name != part {
				if err := z.Copy(f); err != nil {
					return err
				}
				continue
			}
			old, err := readPart(f)
			if err != nil {
				return err
			}
			changed := change(old)
			if err := writeEntry(z, entry{f.Name, changed, f.Mode()}, deflate(changed).data); err != nil {
				return err
			}
		}
		return z.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckBinary(t *testing.T) {
	t.Parallel()
	parts, err := readParts(packedExtension(t))
	if err != nil {
		t.Fatal(err)
	}
	mac := Platform{"darwin", "arm64"}
	good := content(parts, "task/bin/"+mac.File())
	if err := CheckBinary(mac, good); err != nil {
		t.Errorf("a good program is refused: %v", err)
	}
	bad := bytes.Clone(good)
	bad[1<<20] ^= 1
	if err := CheckBinary(mac, bad); err == nil || !strings.Contains(err.Error(), "code signature") {
		t.Errorf("a changed page passes: %v", err)
	}
	if err := CheckBinary(Platform{"darwin", "amd64"}, good); err == nil {
		t.Error("a program for arm64 passes for amd64")
	}
	if err := CheckBinary(Platform{"linux", "amd64"}, good); err == nil {
		t.Error("a program for macOS passes for Linux")
	}
	uuid := bytes.Index(good[:4096], []byte{loadUUID, 0, 0, 0, 24, 0, 0, 0})
	bad = bytes.Clone(good)
	bad[uuid] = 0x26 // another command of no importance
	if err := CheckBinary(mac, bad); err == nil || !strings.Contains(err.Error(), "LC_UUID") {
		t.Errorf("a program without LC_UUID passes: %v", err)
	}
}
