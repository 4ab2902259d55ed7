package squeeze

import (
	"math/bits"
	"slices"
)

// maxCodeBits is the most that a literal or distance code may have (RFC 1951, 3.2.7).
const maxCodeBits = 15

// code is a Huffman code: lengths, and bits in the order in which they are written.
type code struct {
	length []uint8
	bits   []uint16
}

// newCode builds the shortest code for the frequencies with at most limit bits.
// At least two symbols get a code, because inflaters want complete codes.
func newCode(frequency []int, limit int) code {
	weights := slices.Clone(frequency)
	for i := 0; used(weights) < 2; i++ {
		weights[i] = max(weights[i], 1)
	}
	for {
		lengths := huffmanLengths(weights)
		if int(slices.Max(lengths)) <= limit {
			return code{lengths, canonical(lengths)}
		}
		for i, w := range weights {
			if w > 0 {
				weights[i] = w/2 + 1
			}
		}
	}
}

func used(weights []int) int {
	n := 0
	for _, w := range weights {
		if w > 0 {
			n++
		}
	}
	return n
}

type node struct{ weight, left, right int }

// huffmanLengths merges the two lightest trees until one is left. Ties are broken
// by order, so the result is determined.
func huffmanLengths(weights []int) []uint8 {
	nodes := make([]node, 0, 2*len(weights))
	var leaves []int
	for i, w := range weights {
		nodes = append(nodes, node{w, -1, -1})
		if w > 0 {
			leaves = append(leaves, i)
		}
	}
	slices.SortStableFunc(leaves, func(a, b int) int { return nodes[a].weight - nodes[b].weight })
	var inner []int
	take := func() int {
		if len(inner) == 0 || len(leaves) > 0 && nodes[leaves[0]].weight <= nodes[inner[0]].weight {
			n := leaves[0]
			leaves = leaves[1:]
			return n
		}
		n := inner[0]
		inner = inner[1:]
		return n
	}
	for len(leaves)+len(inner) > 1 {
		a, b := take(), take()
		nodes = append(nodes, node{nodes[a].weight + nodes[b].weight, a, b})
		inner = append(inner, len(nodes)-1)
	}
	return depths(nodes, len(weights))
}

func depths(nodes []node, symbols int) []uint8 {
	depth := make([]uint8, len(nodes))
	for i := len(nodes) - 1; i >= symbols; i-- {
		depth[nodes[i].left], depth[nodes[i].right] = depth[i]+1, depth[i]+1
	}
	return depth[:symbols]
}

// canonical numbers the codes as RFC 1951, 3.2.2 says, bits reversed.
func canonical(lengths []uint8) []uint16 {
	var count, next [17]uint16
	for _, l := range lengths {
		count[l]++
	}
	count[0] = 0
	for l := 1; l < len(next); l++ {
		next[l] = (next[l-1] + count[l-1]) << 1
	}
	out := make([]uint16, len(lengths))
	for i, l := range lengths {
		if l > 0 {
			out[i] = bits.Reverse16(next[l]) >> (16 - l)
			next[l]++
		}
	}
	return out
}
