package release

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// WriteExtras writes what accompanies the package: an archive of the program per
// platform, the bill of materials, the notices, and SHA256SUMS over all files of the
// directory out. It reads the licence of the program in the working directory.
func WriteExtras(binDir, nodeModules, version, out string) error {
	components, err := ReadComponents(binDir, nodeModules)
	if err != nil {
		return err
	}
	licence, err := os.ReadFile("LICENSE")
	if err != nil {
		return fmt.Errorf("reading the licence: %w", err)
	}
	binaries, err := readBinaries(binDir)
	if err != nil {
		return err
	}
	texts := []entry{{name: "LICENSE.txt", content: licence, mode: 0o644}, {name: "THIRD-PARTY-NOTICES.txt", content: notices(components), mode: 0o644}}
	var files []entry
	for _, p := range Platforms() {
		files = append(files, entry{name: p.File(), content: binaries[p], mode: 0o755})
		if err := writeArchive(out, version, p, append([]entry{{name: programName(p), content: binaries[p], mode: 0o755}}, texts...)); err != nil {
			return err
		}
	}
	document, err := sbom(components, files, version)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{Name + "-" + version + ".cdx.json": document, "THIRD-PARTY-NOTICES.txt": texts[1].content} {
		if err := writeBytes(filepath.Join(out, name), content); err != nil {
			return err
		}
	}
	return writeSums(out)
}

func writeBytes(name string, content []byte) error {
	return writeFile(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func programName(p Platform) string {
	if p.OS == "windows" {
		return Name + ".exe"
	}
	return Name
}

// writeArchive writes a zip for Windows and a tar.gz for the others.
func writeArchive(out, version string, p Platform, entries []entry) error {
	name := filepath.Join(out, fmt.Sprintf("%s-%s-%s", Name, version, p.Key()))
	if p.OS == "windows" {
		return writeFile(name+".zip", func(w io.Writer) error { return writeZip(w, entries) })
	}
	return writeFile(name+".tar.gz", func(w io.Writer) error { return writeTarball(w, entries) })
}

const sumsFile = "SHA256SUMS"

// writeSums lists the files of a directory as sha256sum does.
func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("summing: %w", err)
	}
	var lines strings.Builder
	for _, e := range entries {
		if e.IsDir() || e.Name() == sumsFile {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("summing: %w", err)
		}
		lines.WriteString(Hash(content) + "  " + e.Name() + "\n")
	}
	return writeBytes(filepath.Join(dir, sumsFile), []byte(lines.String()))
}
