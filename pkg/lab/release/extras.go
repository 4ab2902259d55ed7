package release

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// licenceFile is the licence of the program, relative to the checkout.
const licenceFile = "LICENSE"

// WriteExtras writes what accompanies the package: an archive of the program per
// platform, the bill of materials, the notices, and SHA256SUMS over all files of
// the directory out.
func WriteExtras(binDir, version, out string) error {
	modules, err := linkedModules(binDir)
	if err != nil {
		return err
	}
	licence, err := os.ReadFile(licenceFile)
	if err != nil {
		return fmt.Errorf("reading the licence: %w", err)
	}
	texts := []entry{{"LICENSE.txt", licence, 0o644}, {"THIRD-PARTY-NOTICES.txt", []byte(noticesText(modules)), 0o644}}
	var binaries []entry
	for _, p := range Platforms() {
		content, err := os.ReadFile(filepath.Join(binDir, p.File()))
		if err != nil {
			return fmt.Errorf("reading a binary: %w", err)
		}
		binaries = append(binaries, entry{p.File(), content, 0o755})
		if err := writeArchive(out, version, p, append([]entry{{programName(p), content, 0o755}}, texts...)); err != nil {
			return err
		}
	}
	return writeDocuments(out, modules, binaries, texts[1].content, version)
}

func writeDocuments(out string, modules []module, binaries []entry, notices []byte, version string) error {
	document, err := sbom(modules, binaries, version)
	if err != nil {
		return err
	}
	if err := writeBytes(filepath.Join(out, Name+"-"+version+".cdx.json"), document); err != nil {
		return err
	}
	if err := writeBytes(filepath.Join(out, "THIRD-PARTY-NOTICES.txt"), notices); err != nil {
		return err
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

func writeTarball(w io.Writer, entries []entry) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.content)), Mode: int64(e.mode),
			ModTime: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), Format: tar.FormatUSTAR,
		}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(e.content); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

const sumsFile = "SHA256SUMS"

// writeSums lists the files of a directory as sha256sum does.
func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("summing: %w", err)
	}
	var lines []string
	for _, e := range entries {
		if e.IsDir() || e.Name() == sumsFile {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("summing: %w", err)
		}
		lines = append(lines, Hash(content)+"  "+e.Name()+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return writeBytes(filepath.Join(dir, sumsFile), []byte(strings.Join(lines, "")))
}
