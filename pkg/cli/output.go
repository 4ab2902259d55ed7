package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// visible is a foreign value on one line, with nothing left out: what a terminal or a
// log would hide or reinterpret is quoted and escaped.
func visible(s string) string {
	if vso.Neutralise(s) == s && !strings.Contains(s, "\n") {
		return s
	}
	return strings.ReplaceAll(strconv.QuoteToASCII(s), "##", `#\x23`)
}

// printJSON writes one indented document in printable ASCII, so that no terminal and
// no agent takes a part of it for anything else: other characters are escaped, and so
// is the second of two number signs.
func printJSON(e Env, v any) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return
	}
	var b strings.Builder
	for _, r := range string(bytes.ReplaceAll(data, []byte("##"), []byte(`#\u0023`))) {
		if r == '\n' || r >= ' ' && r <= '~' {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	fmt.Fprintln(e.Stdout, b.String())
}
