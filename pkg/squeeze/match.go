package squeeze

const (
	minMatch  = 3
	maxMatch  = 258
	window    = 32 << 10
	hashBits  = 16
	maxChain  = 2000
	niceMatch = maxMatch
)

// match is a length and the smallest distance at which it is found.
type match struct {
	length   uint16
	distance uint16 // minus one, so that 32768 fits
}

// matches holds, for every position, the matches of growing length and distance.
type matches struct {
	data  []byte
	start []int32 // of the position's entries in list
	list  []match
}

func findMatches(data []byte) *matches {
	m := &matches{data: data, start: make([]int32, len(data)+1), list: make([]match, 0, 3*len(data))}
	head := make([]int32, 1<<hashBits)
	for i := range head {
		head[i] = -1
	}
	previous := make([]int32, len(data))
	for i := range data {
		m.start[i] = int32(len(m.list))
		if i+minMatch > len(data) {
			continue
		}
		h := hash(data[i:])
		previous[i] = head[h]
		m.search(i, head[h], previous)
		head[h] = int32(i)
	}
	m.start[len(data)] = int32(len(m.list))
	return m
}

func hash(b []byte) uint32 {
	return (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16) * 0x9E3779B1 >> (32 - hashBits)
}

func (m *matches) search(i int, candidate int32, previous []int32) {
	limit := min(maxMatch, len(m.data)-i)
	best := minMatch - 1
	for range maxChain {
		if candidate < 0 || i-int(candidate) > window {
			return
		}
		c := int(candidate)
		if m.data[c+best] == m.data[i+best] {
			if n := common(m.data[c:], m.data[i:], limit); n > best {
				best = n
				m.list = append(m.list, match{uint16(n), uint16(i - c - 1)})
				if n == limit {
					return
				}
			}
		}
		candidate = previous[c]
	}
}

func common(a, b []byte, limit int) int {
	a, b = a[:limit], b[:limit]
	for i := range b {
		if a[i] != b[i] {
			return i
		}
	}
	return limit
}
