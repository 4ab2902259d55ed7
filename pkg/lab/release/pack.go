package release

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// contentTypesPart lists the media type of every part (ECMA-376 part 2, 10.1.2).
const contentTypesPart = "[Content_Types].xml"

// dosEpoch is 1980-01-01, the earliest date of a zip entry.
const dosEpoch = 1<<5 | 1

// entry is one file of an archive.
type entry struct {
	name    string
	content []byte
	mode    fs.FileMode
}

// Pack turns the VSIX that tfx made into the canonical one: with the binaries,
// the launcher's manifest and the notices added below task/, sorted, with one fixed
// date, the execute bits of the binaries set, and a content type for every part.
// The same inputs give the same bytes everywhere.
func Pack(tfxFile, binDir, noticesFile, out string) error {
	parts, err := readParts(tfxFile)
	if err != nil {
		return err
	}
	added, err := addedParts(binDir, noticesFile)
	if err != nil {
		return err
	}
	parts = append(parts, added...)
	if err := checkNames(parts); err != nil {
		return err
	}
	parts = slices.Insert(sorted(parts), 0, entry{contentTypesPart, contentTypes(parts), 0o644})
	return writeFile(out, func(w io.Writer) error { return writeZip(w, parts) })
}

func readParts(file string) ([]entry, error) {
	r, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("opening the package of tfx: %w", err)
	}
	defer r.Close()
	var parts []entry
	for _, f := range r.File {
		if f.Name == contentTypesPart || strings.HasSuffix(f.Name, "/") {
			continue
		}
		content, err := readPart(f)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.Name, err)
		}
		parts = append(parts, entry{f.Name, content, 0o644})
	}
	return parts, nil
}

// maxPart bounds what is read of one part; the largest is a binary.
const maxPart = 64 << 20

func readPart(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxPart+1))
	if err == nil && len(content) > maxPart {
		err = fmt.Errorf("larger than %d bytes", maxPart)
	}
	return content, err
}

func addedParts(binDir, noticesFile string) ([]entry, error) {
	notices, err := os.ReadFile(noticesFile)
	if err != nil {
		return nil, fmt.Errorf("reading the notices: %w", err)
	}
	parts := []entry{{"task/THIRD-PARTY-NOTICES.txt", notices, 0o644}}
	binaries := map[Platform][]byte{}
	for _, p := range Platforms() {
		content, err := os.ReadFile(filepath.Join(binDir, p.File()))
		if err != nil {
			return nil, fmt.Errorf("reading a binary: %w", err)
		}
		binaries[p] = content
		parts = append(parts, entry{"task/bin/" + p.File(), content, 0o755})
	}
	manifest, err := launcherManifest(binaries)
	return append(parts, entry{"task/bin/manifest.json", manifest, 0o644}), err
}

// checkNames refuses what the packaging conventions forbid and tfx lets pass.
func checkNames(parts []entry) error {
	seen := map[string]bool{}
	for _, p := range parts {
		if strings.ContainsAny(p.name, ` #^[]<>?\`) || strings.Contains(p.name, "_rels/") || !fs.ValidPath(p.name) {
			return fmt.Errorf("the part name %q is not allowed in a package", p.name)
		}
		if key := strings.ToLower(p.name); seen[key] {
			return fmt.Errorf("the part %q occurs twice", p.name)
		} else {
			seen[key] = true
		}
	}
	return nil
}

func sorted(parts []entry) []entry {
	return slices.SortedFunc(slices.Values(parts), func(a, b entry) int { return strings.Compare(a.name, b.name) })
}

// mediaTypes are the types of the extensions that occur; the others are bytes.
var mediaTypes = map[string]string{
	".json": "application/json", ".vsomanifest": "application/json", ".vsixmanifest": "text/xml",
	".js": "application/javascript", ".html": "text/html", ".css": "text/css", ".md": "text/markdown", ".txt": "text/plain", ".png": "image/png",
}

// contentTypes registers every part: by its extension, written with a dot as tfx
// does, or by name.
func contentTypes(parts []entry) []byte {
	byExtension := map[string]bool{}
	var overrides []string
	for _, p := range parts {
		if ext := path.Ext(p.name); ext != "" {
			byExtension[strings.ToLower(ext)] = true
		} else {
			overrides = append(overrides, p.name)
		}
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	b.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`)
	for _, ext := range slices.Sorted(maps.Keys(byExtension)) {
		fmt.Fprintf(&b, `<Default Extension="%s" ContentType="%s"/>`, attribute(ext), mediaType(ext))
	}
	slices.Sort(overrides)
	for _, name := range overrides {
		fmt.Fprintf(&b, `<Override PartName="/%s" ContentType="application/octet-stream"/>`, attribute(name))
	}
	b.WriteString("</Types>\n")
	return b.Bytes()
}

func mediaType(ext string) string {
	if t := mediaTypes[ext]; t != "" {
		return t
	}
	return "application/octet-stream"
}

func attribute(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// packed is an entry after compression.
type packed struct {
	data []byte
	err  error
}

// writeZip writes the entries in their order, each compressed to memory first, so
// that sizes stand in the headers and no data descriptor or extra field is needed.
func writeZip(w io.Writer, entries []entry) error {
	results := make([]packed, len(entries))
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i, e := range entries {
		wait.Go(func() {
			turns <- struct{}{}
			results[i] = deflate(e.content)
			<-turns
		})
	}
	wait.Wait()
	z := zip.NewWriter(w)
	for i, e := range entries {
		if results[i].err != nil {
			return results[i].err
		}
		if err := writeEntry(z, e, results[i].data); err != nil {
			return fmt.Errorf("writing %s: %w", e.name, err)
		}
	}
	return z.Close()
}

// deflate compresses content. The standard library comes within 0.3 % of the best
// encoder in Go (klauspost/compress), and its output depends on nothing but the
// version of Go, which go.mod pins.
func deflate(content []byte) packed {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return packed{err: err}
	}
	if _, err := z.Write(content); err != nil {
		return packed{err: err}
	}
	err = z.Close()
	return packed{b.Bytes(), err}
}

func writeEntry(z *zip.Writer, e entry, data []byte) error {
	header := &zip.FileHeader{
		//lint:ignore SA1019 CreateRaw writes this field as it is
		Name: e.name, Method: zip.Deflate, ModifiedDate: dosEpoch,
		CRC32: crc32.ChecksumIEEE(e.content), CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(e.content)),
	}
	header.SetMode(e.mode)
	const version = 20 // 2.0: deflate; CreateRaw leaves both fields to the caller.
	header.CreatorVersion |= version
	header.ReaderVersion = version
	w, err := z.CreateRaw(header)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
