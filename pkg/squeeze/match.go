package squeeze

const (
	minMatch = 3
	maxMatch = 258
	window   = 32 << 10
	hashBits = 16
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

// chain links the positions whose next bytes are the same, but for collisions.
type chain struct {
	bytes          int
	head, previous []int32
}

func newChain(bytes, size int) *chain {
	c := &chain{bytes: bytes, head: make([]int32, 1<<hashBits), previous: make([]int32, size)}
	for i := range c.head {
		c.head[i] = -1
	}
	return c
}

// add enters position i.
func (c *chain) add(data []byte, i int) {
	if i+c.bytes > len(data) {
		c.previous[i] = -1
		return
	}
	h := hash(data[i : i+c.bytes])
	c.previous[i], c.head[h] = c.head[h], int32(i)
}

func hash(b []byte) uint32 {
	var h uint32
	for _, x := range b {
		h = (h ^ uint32(x)) * 0x9E3779B1
		h ^= h >> 15
	}
	return h >> (32 - hashBits)
}

func findMatches(data []byte) *matches {
	m := &matches{data: data, start: make([]int32, len(data)+1), list: make([]match, 0, 3*len(data))}
	var chains []*chain
	for _, bytes := range []int{minMatch, 4, 6, 10} {
		chains = append(chains, newChain(bytes, len(data)))
	}
	for i := range data {
		m.start[i] = int32(len(m.list))
		for _, c := range chains {
			c.add(data, i)
		}
		m.search(i, chains)
	}
	m.start[len(data)] = int32(len(m.list))
	return m
}

// search finds the matches at position i. The longer the best one is, the more bytes
// the next has to share, and the shorter is the chain that holds it.
func (m *matches) search(i int, chains []*chain) {
	limit := min(maxMatch, len(m.data)-i)
	best := minMatch - 1
	at := i
	for {
		at = int(chains[0].previous[at])
		if at < 0 || i-at > window {
			return
		}
		if m.data[at+best] != m.data[i+best] {
			continue
		}
		n := common(m.data[at:], m.data[i:], limit)
		if n <= best {
			continue
		}
		m.list = append(m.list, match{uint16(n), uint16(i - at - 1)})
		if best = n; best == limit {
			return
		}
		for len(chains) > 1 && chains[1].bytes <= best+1 {
			chains, at = chains[1:], i
		}
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
