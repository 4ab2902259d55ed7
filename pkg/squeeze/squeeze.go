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

// rounds is how often the whole is cut into blocks: the first cut, by a parse that
// knew no blocks, is made again by what came out of it.
const rounds = 2

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
	tokens := m.firstParse()
	var blocks []block
	for range rounds {
		blocks = split(tokens)
		m.refine(blocks)
		tokens = tokens[:0]
		for _, b := range blocks {
			tokens = append(tokens, b.tokens...)
		}
	}
	var w bitWriter
	for i, b := range blocks {
		w.block(b.tokens, i == len(blocks)-1)
	}
	return w.bytes()
}

// firstParse takes the statistics of each segment from a parse by those before it.
func (m *matches) firstParse() []token {
	var tokens []token
	costs := startCosts()
	for at := 0; at < len(m.data); at += firstSegment {
		to := min(at+firstSegment, len(m.data))
		costs = countTokens(m.parse(at, to, costs)).costs()
		tokens = append(tokens, m.parse(at, to, costs)...)
	}
	return tokens
}

// refine parses every block again, first by its entropies, in the end by the
// lengths of its codes.
func (m *matches) refine(blocks []block) {
	from := 0
	for i := range blocks {
		b := &blocks[i]
		to := from + b.bytes
		for range iterations - 1 {
			b.tokens = m.parse(from, to, countTokens(b.tokens).costs())
		}
		b.tokens = m.parse(from, to, countTokens(b.tokens).codeCosts())
		from = to
	}
}
