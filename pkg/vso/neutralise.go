package vso

import (
	"strings"
	"unicode"
)

// Neutralise makes text from outside safe to print: CR and CRLF become LF, other
// control, format and zero-width characters are dropped (the agent's search for
// a command is culture-sensitive and may ignore them), invalid UTF-8 becomes
// U+FFFD, and every "##[" or "##vso[" is broken up, whatever its case.
func Neutralise(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(printable, strings.ToValidUTF8(s, "\uFFFD"))
	return breakTags(s)
}

// printable keeps LF, graphic characters and the space; a tab becomes a space and
// Unicode line separators become LF.
func printable(r rune) rune {
	switch {
	case r == '\n', r == '\u2028', r == '\u2029', r == '\u0085', r == '\v', r == '\f':
		return '\n'
	case r == '\t':
		return ' '
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), !unicode.IsGraphic(r):
		return -1
	}
	return r
}

// breakTags turns every "##" that could start a tag into "# #". A tag needs two
// number signs side by side, so one rule covers "##[error]", "##vso[" and any
// spelling of it in other case.
func breakTags(s string) string {
	for strings.Contains(s, "##") {
		s = strings.ReplaceAll(s, "##", "# #")
	}
	return s
}
