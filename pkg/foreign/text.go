package foreign

import (
	"hash/maphash"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Bounds of a quoted text, in bytes and characters. Words as long as a token are left
// out, whoever's they are.
const (
	longestQuote = 512
	longestWord  = 160
	// examined bounds what is looked at of a text; far more than is shown.
	examined = 16 << 10
)

// run is how many letters and digits in a row give a secret away. A shorter secret is
// recognised as a whole, from shortest on.
const (
	run      = 16
	shortest = 8
)

// removed stands where a part of a secret was.
const removed = "(secret removed)"

// Secrets are the values that no quoted text may show, not even in part. The zero value
// and nil hold none. It is safe for concurrent use.
type Secrets struct {
	mu   sync.Mutex
	seed maphash.Seed
	// parts are the hashes of all parts that give a value away, so that nothing prints
	// them; lengths are how many letters and digits these have.
	parts   map[uint64]bool
	lengths [run + 1]bool
}

// Add makes values known. Values of less than 8 letters and digits are left to the masker
// of the log.
func (s *Secrets) Add(values ...secret.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == nil {
		s.seed, s.parts = maphash.MakeSeed(), map[uint64]bool{}
	}
	for _, v := range values {
		letters, _ := lettersOf(v.Reveal())
		length := min(run, len(letters))
		if length < shortest {
			continue
		}
		s.lengths[length] = true
		for i := range len(letters) - length + 1 {
			s.parts[maphash.String(s.seed, letters[i:i+length])] = true
		}
	}
}

// Quote makes a text that somebody else wrote fit for a message: one line, at most 512
// bytes, words whole, none as long as a token, and nothing of a known secret: a server
// may echo one cut, wrapped, spaced or in another case. Every foreign text passes here.
func (s *Secrets) Quote(text string) string {
	return clip(s.Remove(text[:min(len(text), examined)]))
}

// Remove takes every part of a known secret out of a text, and changes nothing else.
// Whatever stands between the letters and digits of a part goes with it.
func (s *Secrets) Remove(text string) string {
	if s == nil {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	letters, at := lettersOf(text)
	covered := s.cover(letters)
	if covered == nil {
		return text
	}
	var b strings.Builder
	end := 0
	for i := 0; i < len(letters); i++ {
		if !covered[i] {
			continue
		}
		b.WriteString(text[end:at[i]] + removed)
		for i+1 < len(letters) && covered[i+1] {
			i++
		}
		end = at[i] + 1
	}
	return b.String() + text[end:]
}

// cover marks the letters that repeat a part of a value; nil when none does.
func (s *Secrets) cover(letters string) []bool {
	var covered []bool
	for length, used := range s.lengths {
		if !used {
			continue
		}
		end := 0 // of what this length has marked
		for i := range len(letters) - length + 1 {
			if !s.parts[maphash.String(s.seed, letters[i:i+length])] {
				continue
			}
			if covered == nil {
				covered = make([]bool, len(letters))
			}
			for end = max(end, i); end < i+length; end++ {
				covered[end] = true
			}
		}
	}
	return covered
}

// lettersOf are the ASCII letters and digits of a text, in lower case, and where each
// stands.
func lettersOf(text string) (letters string, at []int) {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			b.WriteByte(c)
			at = append(at, i)
		}
	}
	return b.String(), at
}

// clip bounds a text. Words are never cut: the masker of the log knows secrets as a
// whole.
func clip(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	var b strings.Builder
	for s != "" {
		n := word(s)
		part := s[:n]
		s = s[n:]
		if n > longestWord {
			part = "(" + strconv.Itoa(n) + " characters left out)"
		}
		if b.Len()+len(part) > longestQuote {
			return b.String() + "…"
		}
		b.WriteString(part)
	}
	return b.String()
}

// word is the length of what s begins with: characters that a token or a key may
// consist of, or one other.
func word(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.+/=~", r))
	})
	if n < 0 {
		return len(s)
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(s)
	}
	return n
}
