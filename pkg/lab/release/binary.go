package release

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// CheckBinary verifies that content is a static program for the platform, built
// by Go for it with the settings of a release. For darwin it also verifies
// LC_UUID, without which the loader of macOS 26 refuses a program, and the page
// hashes of the linker's signature, which the kernel verifies on arm64.
func CheckBinary(p Platform, content []byte) error {
	check := map[string]func(string, []byte) error{"linux": checkELF, "windows": checkPE, "darwin": checkMachO}[p.OS]
	if err := check(p.Arch, content); err != nil {
		return fmt.Errorf("%s: %w", p.File(), err)
	}
	if err := checkBuild(p, content); err != nil {
		return fmt.Errorf("%s: %w", p.File(), err)
	}
	return nil
}

func checkELF(arch string, content []byte) error {
	f, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("reading ELF: %w", err)
	}
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]
	if f.Machine != want || f.Type != elf.ET_EXEC {
		return fmt.Errorf("is %v %v, not an executable for %v", f.Type, f.Machine, want)
	}
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return fmt.Errorf("is not static: it asks for a dynamic loader")
	}
	return nil
}

func checkPE(arch string, content []byte) error {
	f, err := pe.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("reading PE: %w", err)
	}
	want := map[string]uint16{"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "arm64": pe.IMAGE_FILE_MACHINE_ARM64}[arch]
	if f.Machine != want {
		return fmt.Errorf("is for machine %#x, not %#x", f.Machine, want)
	}
	return checkVersionResource(f)
}

// checkVersionResource looks for the names by which a policy on Windows allows a
// program: publisher, product and file.
func checkVersionResource(f *pe.File) error {
	section := f.Section(".rsrc")
	if section == nil {
		return fmt.Errorf("has no version resource")
	}
	resource, err := section.Data()
	if err != nil {
		return fmt.Errorf("reading the version resource: %w", err)
	}
	for _, name := range []string{"CompanyName", "ProductName", "OriginalFilename", Name + ".exe"} {
		if !bytes.Contains(resource, []byte(utf16(name))) {
			return fmt.Errorf("has no %s in its version resource", name)
		}
	}
	return nil
}

// utf16 is how a version resource spells an ASCII text.
func utf16(text string) string {
	return strings.Join(strings.Split(text, ""), "\x00") + "\x00"
}

const (
	loadUUID          = 0x1b // LC_UUID, <mach-o/loader.h>
	loadCodeSignature = 0x1d // LC_CODE_SIGNATURE
)

func checkMachO(arch string, content []byte) error {
	f, err := macho.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("reading Mach-O: %w", err)
	}
	want := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[arch]
	if f.Cpu != want || f.Type != macho.TypeExec {
		return fmt.Errorf("is %v for %v, not an executable for %v", f.Type, f.Cpu, want)
	}
	if loadCommand(f, loadUUID) == nil {
		return fmt.Errorf("has no LC_UUID; do not link with -buildid=")
	}
	signature := loadCommand(f, loadCodeSignature)
	if signature == nil {
		if arch == "arm64" {
			return fmt.Errorf("has no code signature, which macOS demands on arm64")
		}
		return nil
	}
	return checkSignature(f.ByteOrder, signature, content)
}

func loadCommand(f *macho.File, command uint32) []byte {
	for _, l := range f.Loads {
		if raw := l.Raw(); len(raw) >= 16 && f.ByteOrder.Uint32(raw) == command {
			return raw
		}
	}
	return nil
}

// checkSignature finds the code directory of the embedded signature and verifies
// it. The layout is that of apple-oss-distributions/xnu
// osfmk/kern/cs_blobs.h; all its numbers are big-endian.
func checkSignature(order binary.ByteOrder, command, content []byte) error {
	blob, err := cut(content, order.Uint32(command[8:]), order.Uint32(command[12:]))
	if err != nil || len(blob) < 12 || binary.BigEndian.Uint32(blob) != 0xfade0cc0 {
		return fmt.Errorf("has an unreadable code signature")
	}
	count := binary.BigEndian.Uint32(blob[8:])
	for i := range min(count, 16) {
		index, err := cut(blob, 12+8*i, 8)
		if err != nil {
			return err
		}
		directory, err := cut(blob, binary.BigEndian.Uint32(index[4:]), 44)
		if err != nil {
			return err
		}
		if binary.BigEndian.Uint32(directory) == 0xfade0c02 {
			return checkPages(blob[binary.BigEndian.Uint32(index[4:]):], content)
		}
	}
	return fmt.Errorf("has a code signature without a code directory")
}

// checkPages compares the SHA-256 of every page with the code directory.
func checkPages(directory, content []byte) error {
	number := func(at int) uint32 { return binary.BigEndian.Uint32(directory[at:]) }
	hashes, slots, limit := number(16), number(28), number(32)
	size, kind, shift := directory[36], directory[37], directory[39]
	if size != 32 || kind != 2 || shift < 12 || shift > 16 {
		return fmt.Errorf("has a code signature of an unexpected kind")
	}
	signed, err := cut(content, 0, limit)
	if err != nil {
		return err
	}
	pages := slices.Collect(slices.Chunk(signed, 1<<shift))
	if len(pages) != int(slots) {
		return fmt.Errorf("has %d pages, its signature %d", len(pages), slots)
	}
	for i, page := range pages {
		want, err := cut(directory, hashes+uint32(i)*32, 32)
		if err != nil {
			return err
		}
		if Hash(page) != hex.EncodeToString(want) {
			return fmt.Errorf("page %d does not match the code signature", i)
		}
	}
	return nil
}

func cut(b []byte, offset, length uint32) ([]byte, error) {
	end := uint64(offset) + uint64(length)
	if end > uint64(len(b)) {
		return nil, fmt.Errorf("is cut short: %d bytes are missing", end-uint64(len(b)))
	}
	return b[offset:end], nil
}

func checkBuild(p Platform, content []byte) error {
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("reading the build information: %w", err)
	}
	want := map[string]string{"GOOS": p.OS, "GOARCH": p.Arch, "CGO_ENABLED": "0", "-trimpath": "true"}
	for _, s := range info.Settings {
		if w, ok := want[s.Key]; ok && s.Value != w {
			return fmt.Errorf("was built with %s=%s, not %s", s.Key, s.Value, w)
		}
		delete(want, s.Key)
	}
	if len(want) > 0 {
		return fmt.Errorf("lacks the build settings %v", want)
	}
	return nil
}
