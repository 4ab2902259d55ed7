package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf16"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// maxFile bounds what the commands read from a file or standard input, in bytes.
const maxFile = 1 << 20

// readInput reads the file that a flag names, or standard input for "-" and "".
// Its errors name the flag and never the file: what stands there could be a token
// that was meant to be in a file.
func readInput(e Env, flagName, file string) ([]byte, error) {
	in := e.Stdin
	if file != "" && file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, unreadable(flagName, err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, unreadable(flagName, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: the input is larger than 1 MiB", flagName)
	}
	return utf8Text(data), nil
}

// utf8Text removes the byte order mark that some editors and shells write, and
// decodes UTF-16, which Windows PowerShell makes of a redirected output.
func utf8Text(data []byte) []byte {
	for mark, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		if wide, ok := bytes.CutPrefix(data, []byte(mark)); ok {
			units := make([]uint16, len(wide)/2)
			for i := range units {
				units[i] = order.Uint16(wide[2*i:])
			}
			return []byte(string(utf16.Decode(units)))
		}
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
}

func unreadable(flagName string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s: cannot read the file that this flag names: %w", flagName, err)
}

// readToken reads a token and its claims.
func readToken(e Env, flagName, file string) (claims.UnverifiedClaims, error) {
	data, err := readInput(e, flagName, file)
	if err != nil {
		return claims.UnverifiedClaims{}, err
	}
	c, err := claims.Inspect(claims.TokenIn(data))
	if err != nil {
		return c, fmt.Errorf("%s: %w", flagName, err)
	}
	return c, nil
}

// oneLine keeps a foreign text from looking like further lines of a report.
func oneLine(s string) string { return strings.ReplaceAll(vso.Neutralise(s), "\n", `\n`) }

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
