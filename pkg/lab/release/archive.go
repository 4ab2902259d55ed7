package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Archives carry one date for all files, the earliest that a zip entry can have.
const dosEpoch = 1<<5 | 1

var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// entry is one file of an archive.
type entry struct {
	name    string
	content []byte
	mode    fs.FileMode
	// deflated is the content in compressed form; nil where writeZip compresses it.
	deflated []byte
}

// readZip reads the files of an archive in their order.
func readZip(file string) ([]entry, error) {
	r, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", file, err)
	}
	defer r.Close()
	var entries []entry
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		content, err := readPart(f)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.Name, err)
		}
		entries = append(entries, entry{name: f.Name, content: content, mode: f.Mode()})
	}
	return entries, nil
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
			results[i] = e.compress()
			<-turns
		})
	}
	wait.Wait()
	z := zip.NewWriter(w)
	for i, e := range entries {
		if results[i].err != nil {
			return fmt.Errorf("compressing %s: %w", e.name, results[i].err)
		}
		if err := writeEntry(z, e, results[i].data); err != nil {
			return fmt.Errorf("writing %s: %w", e.name, err)
		}
	}
	return z.Close()
}

// compress takes the compressed form that comes with the entry, after a look at whether
// it is that of the content.
func (e entry) compress() packed {
	if e.deflated == nil {
		return deflate(e.content)
	}
	content, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(e.deflated)), maxPart))
	if err == nil && !bytes.Equal(content, e.content) {
		err = errors.New("the compressed form is that of another file")
	}
	return packed{e.deflated, err}
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

func writeTarball(w io.Writer, entries []entry) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.content)), Mode: int64(e.mode), ModTime: epoch, Format: tar.FormatUSTAR}
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

// writeFile creates a file and removes it again when writing fails.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("creating a file: %w", err)
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
		if err != nil {
			_ = os.Remove(name)
		}
	}()
	return write(f)
}
