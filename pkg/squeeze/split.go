package squeeze

import "math/bits"

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
	c := &costs{}
	literal, distance := entropy(n.literal[:]), entropy(n.distance[:])
	for i := range c.literal {
		c.literal[i] = literal[i]
	}
	for l := minMatch; l <= maxMatch; l++ {
		c.length[l] = literal[lengthCode[l]] + int64(lengthBits[lengthCode[l]])*oneBit
	}
	for i := range c.distance {
		c.distance[i] = distance[i] + int64(distanceBits[i])*oneBit
	}
	return c
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

// size estimates the cost of a block with these statistics.
func (n *counts) size() int64 {
	const perCode, fixed = 20 * oneBit / 5, 100 * oneBit
	return fixed + spread(n.literal[:], perCode) + spread(n.distance[:], perCode)
}

func spread(frequency []int, header int64) int64 {
	total, cost := 0, int64(0)
	for _, f := range frequency {
		if f > 0 {
			total += f
			cost += header - int64(f)*log2(f)
		}
	}
	if total > 0 {
		cost += int64(total) * log2(total)
	}
	return cost
}

func (n *counts) add(other *counts) *counts {
	sum := *n
	for i, f := range other.literal {
		sum.literal[i] += f
	}
	for i, f := range other.distance {
		sum.distance[i] += f
	}
	sum.literal[endOfBlock] = 1
	return &sum
}

// block is a run of tokens with codes of its own.
type block struct {
	tokens []token
	bytes  int
	counts *counts
	size   int64
}

// unit is the number of tokens below which blocks are not cut.
const unit = 512

// split cuts the tokens into small units and joins neighbours as long as that
// makes the whole smaller.
func split(tokens []token) []block {
	var blocks []block
	for at := 0; at == 0 || at < len(tokens); at += unit {
		b := block{tokens: tokens[at:min(at+unit, len(tokens))]}
		for _, t := range b.tokens {
			b.bytes += max(int(t.length), 1)
		}
		b.counts = countTokens(b.tokens)
		b.size = b.counts.size()
		blocks = append(blocks, b)
	}
	for joined := true; joined; {
		blocks, joined = joinPairs(blocks)
	}
	return blocks
}

// joinPairs goes once over the blocks; a joined block waits for the next round, so
// that blocks grow evenly.
func joinPairs(blocks []block) ([]block, bool) {
	var out []block
	for i := 0; i < len(blocks); i++ {
		if i+1 < len(blocks) {
			a, b := blocks[i], blocks[i+1]
			sum := a.counts.add(b.counts)
			if size := sum.size(); size < a.size+b.size {
				// Neighbouring units are neighbours in one slice, too.
				out = append(out, block{a.tokens[:len(a.tokens)+len(b.tokens)], a.bytes + b.bytes, sum, size})
				i++
				continue
			}
		}
		out = append(out, blocks[i])
	}
	return out, len(out) < len(blocks)
}
