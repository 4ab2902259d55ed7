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
	case unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point), !unicode.IsGraphic(r):
		return -1
	}
	return r
}

// breakTags puts a space before every "#" that follows another one. A tag needs
// two number signs side by side, so one rule covers "##[error]", "##vso[" and any
// spelling of it in other case. Nothing outside ASCII in between helps: a
// culture-sensitive search may give it no weight (unicode.org, UTS #10, completely
// ignorable), and which characters that holds for changes with each version.
func breakTags(s string) string {
	var b strings.Builder
	after := false
	for _, r := range s {
		if r == '#' && after {
			b.WriteByte(' ')
		}
		after = r == '#' || after && r > unicode.MaxASCII
		b.WriteRune(r)
	}
	return b.String()
}
