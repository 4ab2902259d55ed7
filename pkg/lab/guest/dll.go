package guest

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
)

// forwardingDLL makes a library for Windows on amd64 that holds nothing but an export
// table whose names lead to functions of other libraries. The Go runtime wants
// ProcessPrng, which releases of Wine before 9 do not have.
//
// The layout is that of Microsoft's "PE Format": headers, then one section with the
// export directory and the strings.
func forwardingDLL(name string, exports map[string]string) []byte {
	const base, fileAlignment = 0x1000, 0x200
	table := exportTable(base, name, exports)
	padded := (len(table) + fileAlignment - 1) / fileAlignment * fileAlignment
	var out bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&out, binary.LittleEndian, v) // a buffer takes everything
		}
	}
	stub := make([]byte, 0x40)
	copy(stub, "MZ")
	stub[0x3c] = 0x40 // where the PE header begins
	put(stub, []byte("PE\x00\x00"))
	// COFF header: amd64, one section, 240 bytes of optional header, a library.
	put(uint16(0x8664), uint16(1), [3]uint32{}, uint16(240), uint16(0x2022))
	// Optional header of PE32+: no code, image base, alignments, version 6.0.
	put(uint16(0x20b), [2]uint8{14, 0}, uint32(0), uint32(padded), uint32(0), uint32(0), uint32(base))
	put(uint64(0x180000000), uint32(0x1000), uint32(fileAlignment), [6]uint16{6, 0, 0, 0, 6, 0}, uint32(0))
	put(uint32(0x2000), uint32(fileAlignment), uint32(0), uint16(3), uint16(0x160))
	put([4]uint64{0x100000, 0x1000, 0x100000, 0x1000}, uint32(0), uint32(16))
	put([2]uint32{base, uint32(len(table))}, [30]uint32{}) // only the export directory
	put([8]byte{'.', 'r', 'd', 'a', 't', 'a'}, uint32(len(table)), uint32(base), uint32(padded), uint32(fileAlignment))
	put([2]uint32{}, [2]uint16{}, uint32(0x40000040)) // initialised data, readable
	out.Write(make([]byte, fileAlignment-out.Len()))
	out.Write(table)
	out.Write(make([]byte, padded-len(table)))
	return out.Bytes()
}

// exportTable is the export directory, its three tables and its strings; base is the
// address that it is loaded at. An address that lies in the table itself is that of a
// forwarder's name.
func exportTable(base uint32, name string, exports map[string]string) []byte {
	names := slices.Sorted(maps.Keys(exports))
	n := uint32(len(names))
	const header = 40
	addresses, pointers := uint32(header), uint32(header)+4*n
	ordinals := pointers + 4*n
	table := make([]byte, ordinals+2*n)
	text := func(s string) uint32 {
		at := base + uint32(len(table))
		table = append(append(table, s...), 0)
		return at
	}
	put := func(at, value uint32) { binary.LittleEndian.PutUint32(table[at:], value) }
	put(12, text(name))
	for i, field := range []uint32{1, n, n, base + addresses, base + pointers, base + ordinals} {
		put(16+4*uint32(i), field)
	}
	for i, export := range names {
		put(addresses+4*uint32(i), text(exports[export]))
		put(pointers+4*uint32(i), text(export))
		binary.LittleEndian.PutUint16(table[ordinals+2*uint32(i):], uint16(i))
	}
	return table
}
