package squeeze

import (
	"math"
	"math/bits"
	"slices"
)

// counts are the statistics of a block.
type counts struct {
	literal  [literalCodes]int
	distance [distanceCodes]int
}

func countTokens(tokens []token) *counts {
	n := &counts{}
	for _, t := range tokens {
		if t.length == 0 {
			n.literal[t.distance]++
			continue
		}
		n.literal[lengthCode[t.length]]++
		n.distance[distanceCode[t.distance]]++
	}
	n.literal[endOfBlock] = 1
	return n
}

// costs are the entropies of the symbols; one that does not occur costs as much as
// the rarest would.
func (n *counts) costs() *costs {
	return newCosts(entropy(n.literal[:]), entropy(n.distance[:]))
}

// codeCosts are the lengths of the Huffman codes; a symbol without one costs what
// its entropy would.
func (n *counts) codeCosts() *costs {
	return newCosts(lengths(n.literal[:]), lengths(n.distance[:]))
}

func newCosts(literal, distance []int64) *costs {
	c := &costs{}
	copy(c.literal[:], literal)
	for l := minMatch; l <= maxMatch; l++ {
		c.length[l] = literal[lengthCode[l]] + int64(lengthBits[lengthCode[l]])*oneBit
	}
	for i := range c.distance {
		c.distance[i] = distance[i] + int64(distanceBits[i])*oneBit
	}
	return c
}

func lengths(frequency []int) []int64 {
	cost := entropy(frequency)
	for i, l := range newCode(frequency, maxCodeBits).length {
		if l > 0 {
			cost[i] = int64(l) * oneBit
		}
	}
	return cost
}

func entropy(frequency []int) []int64 {
	total := 0
	for _, f := range frequency {
		total += f
	}
	cost := make([]int64, len(frequency))
	for i, f := range frequency {
		cost[i] = min(max(log2(max(total, 1))-log2(max(f, 1)), oneBit/2), 15*oneBit)
	}
	return cost
}

// oneBit is the cost of a bit: costs are integers, because floating point differs
// between processors and the output must not.
const oneBit = 1 << 16

// log2 is the logarithm of n > 0 in units of oneBit, digit by digit.
func log2(n int) int64 {
	whole := bits.Len64(uint64(n)) - 1
	x := uint64(n) << (31 - whole)
	out := int64(whole) * oneBit
	for digit := int64(oneBit / 2); digit > 0; digit /= 2 {
		if x = x * x >> 31; x >= 1<<32 {
			x >>= 1
			out += digit
		}
	}
	return out
}

// block is a run of tokens with codes of its own.
type block struct {
	tokens []token
	bytes  int
}

const (
	// unit is the number of tokens below which blocks are not cut.
	unit = 128
	// maxUnits bounds the length of a block.
	maxUnits = 800
	// blockCost and symbolCost estimate what a block's header costs, and each symbol
	// in it.
	blockCost, symbolCost = 100 * oneBit, 4 * oneBit
)

// occurrence says how often a symbol occurs in a unit. Distance codes stand behind
// the literal codes.
type occurrence struct{ symbol, n int }

// split cuts the tokens where the estimated size of all blocks is least: of all cuts
// up to a unit's end, the best is a best one up to an earlier end and one block more.
func split(tokens []token) []block {
	units := unitsOf(tokens)
	logs := weightedLogs(unit*maxUnits + 1)
	best := make([]int64, len(units)+1)
	start := make([]int, len(units)+1)
	for i := range units {
		best[i+1] = math.MaxInt64
	}
	for i := range units {
		size := blockSize{logs: logs}
		for j := i; j < min(len(units), i+maxUnits); j++ {
			if total := best[i] + size.add(units[j]); total < best[j+1] {
				best[j+1], start[j+1] = total, i
			}
		}
	}
	return cut(tokens, start)
}

// cut makes the blocks that start[end], a unit for every unit's end, leads to.
func cut(tokens []token, start []int) []block {
	var blocks []block
	for end := len(start) - 1; end > 0 || blocks == nil; end = start[end] {
		b := block{tokens: tokens[start[end]*unit : min(end*unit, len(tokens))]}
		for _, t := range b.tokens {
			b.bytes += max(int(t.length), 1)
		}
		blocks = append(blocks, b)
	}
	slices.Reverse(blocks)
	return blocks
}

func unitsOf(tokens []token) [][]occurrence {
	var units [][]occurrence
	for part := range slices.Chunk(tokens, unit) {
		n := countTokens(part)
		n.literal[endOfBlock] = 0
		var occurs []occurrence
		for s, f := range slices.Concat(n.literal[:], n.distance[:]) {
			if f > 0 {
				occurs = append(occurs, occurrence{s, f})
			}
		}
		units = append(units, occurs)
	}
	return units
}

// blockSize keeps the estimated size of a growing block: every symbol costs the
// logarithm of its share.
type blockSize struct {
	logs                []int64 // of weightedLogs
	frequency           [literalCodes + distanceCodes]int
	literals, distances int
	cost                int64
}

// add returns the size with one more unit.
func (b *blockSize) add(unit []occurrence) int64 {
	for _, o := range unit {
		f := b.frequency[o.symbol]
		if f == 0 {
			b.cost += symbolCost
		}
		b.frequency[o.symbol] = f + o.n
		b.cost -= b.logs[f+o.n] - b.logs[f]
		if o.symbol < literalCodes {
			b.literals += o.n
		} else {
			b.distances += o.n
		}
	}
	return blockCost + b.cost + b.logs[b.literals] + b.logs[b.distances]
}

// weightedLogs holds n·log2(n) for every n below the given one.
func weightedLogs(below int) []int64 {
	logs := make([]int64, below)
	for n := 1; n < below; n++ {
		logs[n] = int64(n) * log2(n)
	}
	return logs
}
