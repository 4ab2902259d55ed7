// Package squeeze owns a deflate encoder (RFC 1951) that spends seconds to save
// bytes: it knows all matches, chooses the cheapest way through them by the real
// code lengths, and cuts blocks where the statistics change. Its output depends on
// nothing but its input. Any inflater reads it.
package squeeze

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
)

// iterations is how often a block's parse is refined by its own statistics.
const iterations = 3

// firstSegment is the number of bytes that are parsed together before the blocks
// are known.
const firstSegment = 128 << 10

// Deflate compresses data. It reads its own output back and returns an error
// rather than a stream that does not inflate to data.
func Deflate(data []byte) ([]byte, error) {
	out := encode(data)
	back, err := io.ReadAll(flate.NewReader(bytes.NewReader(out)))
	if err != nil || !bytes.Equal(back, data) {
		return nil, fmt.Errorf("squeezing %d bytes: the result does not inflate to them (%w)", len(data), err)
	}
	return out, nil
}

func encode(data []byte) []byte {
	m := findMatches(data)
	costs := startCosts()
	var tokens []token
	for at := 0; at < len(data); at += firstSegment {
		part := m.parse(at, min(at+firstSegment, len(data)), costs)
		costs = countTokens(part).costs()
		tokens = append(tokens, m.parse(at, min(at+firstSegment, len(data)), costs)...)
	}
	var w bitWriter
	blocks := split(tokens)
	from := 0
	for i, block := range blocks {
		to := from + block.bytes
		for range iterations {
			block.tokens = m.parse(from, to, countTokens(block.tokens).costs())
		}
		w.block(block.tokens, i == len(blocks)-1)
		from = to
	}
	return w.bytes()
}
