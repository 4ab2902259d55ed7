package squeeze

import "math"

// token is a literal (length 0, the byte in distance) or a match.
type token struct {
	length   uint16
	distance uint16 // minus one for a match
}

const (
	endOfBlock    = 256
	literalCodes  = 286
	distanceCodes = 30
)

// lengthCode and lengthExtra are the tables of RFC 1951, 3.2.5, by length.
var (
	lengthCode   [maxMatch + 1]uint16
	lengthBase   [literalCodes]uint16
	lengthBits   [literalCodes]uint8
	distanceCode [window]uint8
	distanceBase [distanceCodes]uint16
	distanceBits [distanceCodes]uint8
)

func init() {
	code, length := 257, 3
	for extra := range 6 {
		for range map[bool]int{true: 8, false: 4}[extra == 0] {
			lengthBase[code], lengthBits[code] = uint16(length), uint8(extra)
			for range 1 << extra {
				if length < maxMatch {
					lengthCode[length] = uint16(code)
				}
				length++
			}
			code++
		}
	}
	lengthCode[maxMatch], lengthBase[285], lengthBits[285] = 285, maxMatch, 0
	distance := 0
	for code := range distanceCodes {
		extra := max(code/2-1, 0)
		distanceBase[code], distanceBits[code] = uint16(distance), uint8(extra)
		for range 1 << extra {
			distanceCode[distance] = uint8(code)
			distance++
		}
	}
}

// costs are bits per symbol in units of oneBit, extra bits included.
type costs struct {
	literal  [256]int64
	length   [maxMatch + 1]int64
	distance [distanceCodes]int64
}

// startCosts are guesses for data of which nothing is known.
func startCosts() *costs {
	c := &costs{}
	for i := range c.literal {
		c.literal[i] = 8 * oneBit
	}
	for n := minMatch; n <= maxMatch; n++ {
		c.length[n] = (6 + int64(lengthBits[lengthCode[n]])) * oneBit
	}
	for i := range c.distance {
		c.distance[i] = (5 + int64(distanceBits[i])) * oneBit
	}
	return c
}

// parse returns the cheapest tokens for data[from:to].
func (m *matches) parse(from, to int, c *costs) []token {
	n := to - from
	cost := make([]int64, n+1)
	for i := 1; i <= n; i++ {
		cost[i] = math.MaxInt64
	}
	via := make([]token, n+1)
	for i := range n {
		if t := cost[i] + c.literal[m.data[from+i]]; t < cost[i+1] {
			cost[i+1], via[i+1] = t, token{0, uint16(m.data[from+i])}
		}
		m.relax(from, i, cost, via, c)
	}
	return walk(via)
}

// relax tries every match at position i, with all lengths it can be cut to: each
// length with the cheapest of the distances that reach it.
func (m *matches) relax(from, i int, cost []int64, via []token, c *costs) {
	list := m.list[m.start[from+i]:m.start[from+i+1]]
	cheapest, distance := int64(math.MaxInt64), uint16(0)
	for k := len(list) - 1; k >= 0; k-- {
		if base := c.distance[distanceCode[list[k].distance]]; base <= cheapest {
			cheapest, distance = base, list[k].distance
		}
		shortest := minMatch
		if k > 0 {
			shortest = int(list[k-1].length) + 1
		}
		for length := shortest; length <= min(int(list[k].length), len(cost)-1-i); length++ {
			if t := cost[i] + cheapest + c.length[length]; t < cost[i+length] {
				cost[i+length], via[i+length] = t, token{uint16(length), distance}
			}
		}
	}
}

func walk(via []token) []token {
	var back []token
	for i := len(via) - 1; i > 0; {
		t := via[i]
		back = append(back, t)
		i -= max(int(t.length), 1)
	}
	for a, b := 0, len(back)-1; a < b; a, b = a+1, b-1 {
		back[a], back[b] = back[b], back[a]
	}
	return back
}
