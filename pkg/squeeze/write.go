package squeeze

import "slices"

// bitWriter writes bits from the lowest up, as RFC 1951, 3.1.1 says.
type bitWriter struct {
	out  []byte
	held uint64
	n    uint
}

func (w *bitWriter) write(value uint64, n uint8) {
	w.held |= value << w.n
	for w.n += uint(n); w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.held))
		w.held >>= 8
	}
}

func (w *bitWriter) bytes() []byte {
	if w.n > 0 {
		w.out = append(w.out, byte(w.held))
		w.n, w.held = 0, 0
	}
	return w.out
}

func (w *bitWriter) symbol(c code, s int) { w.write(uint64(c.bits[s]), c.length[s]) }

// block writes one block with codes of its own.
func (w *bitWriter) block(tokens []token, last bool) {
	n := countTokens(tokens)
	literal, distance := newCode(n.literal[:], maxCodeBits), newCode(n.distance[:], maxCodeBits)
	final := uint64(0)
	if last {
		final = 1
	}
	w.write(final, 1)
	w.write(2, 2)
	w.header(literal.length, distance.length)
	for _, t := range tokens {
		w.token(literal, distance, t)
	}
	w.symbol(literal, endOfBlock)
}

func (w *bitWriter) token(literal, distance code, t token) {
	if t.length == 0 {
		w.symbol(literal, int(t.distance))
		return
	}
	l, d := lengthCode[t.length], distanceCode[t.distance]
	w.symbol(literal, int(l))
	w.write(uint64(t.length-lengthBase[l]), lengthBits[l])
	w.symbol(distance, int(d))
	w.write(uint64(t.distance-distanceBase[d]), distanceBits[d])
}

// headerOrder is the order of the code length codes (RFC 1951, 3.2.7).
var headerOrder = []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// run is a symbol of the code length alphabet with its extra bits.
type run struct {
	symbol int
	extra  uint64
	bits   uint8
}

func (w *bitWriter) header(literal, distance []uint8) {
	literal, distance = trim(literal, 257), trim(distance, 1)
	runs := runLengths(slices.Concat(literal, distance))
	frequency := make([]int, 19)
	for _, r := range runs {
		frequency[r.symbol]++
	}
	c := newCode(frequency, 7)
	count := len(headerOrder)
	for count > 4 && c.length[headerOrder[count-1]] == 0 {
		count--
	}
	w.write(uint64(len(literal)-257), 5)
	w.write(uint64(len(distance)-1), 5)
	w.write(uint64(count-4), 4)
	for _, s := range headerOrder[:count] {
		w.write(uint64(c.length[s]), 3)
	}
	for _, r := range runs {
		w.symbol(c, r.symbol)
		w.write(r.extra, r.bits)
	}
}

// trim drops zeros at the end but keeps the least number that can be written.
func trim(lengths []uint8, least int) []uint8 {
	n := len(lengths)
	for n > least && lengths[n-1] == 0 {
		n--
	}
	return lengths[:n]
}

func runLengths(lengths []uint8) []run {
	var runs []run
	for i := 0; i < len(lengths); {
		n := 1
		for i+n < len(lengths) && lengths[i+n] == lengths[i] {
			n++
		}
		runs = append(runs, encodeRun(lengths[i], n)...)
		i += n
	}
	return runs
}

// encodeRun writes n times the same length: zeros by 17 and 18, others once and
// then by 16.
func encodeRun(length uint8, n int) []run {
	var runs []run
	if length != 0 {
		runs = append(runs, run{symbol: int(length)})
		n--
	}
	for n > 0 {
		switch {
		case length == 0 && n >= 11:
			m := min(n, 138)
			runs = append(runs, run{18, uint64(m - 11), 7})
			n -= m
		case length == 0 && n >= 3:
			runs = append(runs, run{17, uint64(n - 3), 3})
			n = 0
		case length != 0 && n >= 3:
			m := min(n, 6)
			runs = append(runs, run{16, uint64(m - 3), 2})
			n -= m
		default:
			runs = append(runs, run{symbol: int(length)})
			n--
		}
	}
	return runs
}
