package foreign

import (
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
	mu     sync.Mutex
	values []secret.Value
}

// Add makes a value known.
func (s *Secrets) Add(values ...secret.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = append(s.values, values...)
}

// Quote makes a text that somebody else wrote fit for a message: one line, at most 512
// bytes, words whole, none as long as a token, and nothing of a known secret: a server
// may echo one cut, wrapped, spaced or in another case. Every foreign text passes here.
func (s *Secrets) Quote(text string) string {
	if len(text) > examined {
		text = text[:examined]
	}
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		text = remove(text, s.values)
	}
	return clip(text)
}

// remove replaces every stretch that repeats run letters and digits of a secret,
// whatever stands between them.
func remove(text string, secrets []secret.Value) string {
	letters, at := lettersOf(text)
	if len(letters) < shortest {
		return text
	}
	covered := make([]bool, len(letters))
	for _, s := range secrets {
		cover(letters, s, covered)
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

// cover marks the letters that repeat a part of the secret.
func cover(letters string, s secret.Value, covered []bool) {
	hidden, _ := lettersOf(s.Reveal())
	n := min(run, len(hidden))
	if n < shortest {
		return
	}
	parts := map[string]bool{}
	for i := range len(letters) - n + 1 {
		parts[letters[i:i+n]] = true
	}
	found := map[string]bool{}
	for i := range len(hidden) - n + 1 {
		if part := hidden[i : i+n]; parts[part] {
			found[part] = true
		}
	}
	for i := range len(letters) - n + 1 {
		if len(found) > 0 && found[letters[i:i+n]] {
			for j := range n {
				covered[i+j] = true
			}
		}
	}
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
