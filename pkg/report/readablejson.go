package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// readableJSON escapes one character of each masked text in a JSON document, which stays
// valid and means the same. Characters between the strings of a document cannot be
// escaped. An escape may by chance end in what begins a masked text, so it looks again.
func (r Run) readableJSON(document string) string {
	document = r.Result.Known.Remove(document)
	masks := r.masks()
	for range 3 {
		document = r.escaped(document, masks)
	}
	return document
}

func (r Run) escaped(document string, masks []string) string {
	can := escapable(document)
	var b strings.Builder
	from := 0
	for spans := r.open(document, occurrences(document, masks)); len(spans) > 0; {
		at := cmp.Or(chosen(document, common(spans), can), chosen(document, spans[0], can))
		begins := slices.ContainsFunc(spans, func(s span) bool { return s.from == at })
		if at > 0 {
			b.WriteString(document[from:at] + escape(document[at], begins))
			from = at + 1
		}
		spans = slices.DeleteFunc(spans[1:], func(s span) bool { return s.from < from })
	}
	return b.String() + document[from:]
}

// escape writes a character of a JSON string in another way. A backslash before a slash
// does not change a masked text that begins with it.
func escape(c byte, begins bool) string {
	if c == '/' && !begins {
		return `\/`
	}
	return fmt.Sprintf(`\u%04x`, c)
}

// chosen is the place of the character to escape within a span: a slash, whose escape is
// short, or one in the middle; 0, which is outside the strings, where there is none.
func chosen(document string, s span, can []bool) int {
	best := 0
	for i := s.from; i < s.to; i++ {
		switch middle := (s.from + s.to) / 2; {
		case !can[i]:
		case document[i] == '/' && i > s.from:
			return i
		case best == 0 || abs(i-middle) < abs(best-middle):
			best = i
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// escapable marks the ASCII characters of a document's strings that are not part of an
// escape already.
func escapable(document string) []bool {
	can := make([]bool, len(document))
	inside := false
	for i := 0; i < len(document); i++ {
		switch c := document[i]; {
		case c == '"':
			inside = !inside
		case inside && c == '\\' && strings.HasPrefix(document[i+1:], "u"):
			i += len(`u0000`)
		case inside && c == '\\':
			i++
		case inside:
			can[i] = c <= unicode.MaxASCII
		}
	}
	return can
}
