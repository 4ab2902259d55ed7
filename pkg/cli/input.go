package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"unicode/utf16"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/token"
)

// readInput reads the file that a flag names, or standard input for "-" and "". Its errors
// name the source, the flag as a rule, and never the file: somebody may have given the
// token itself.
func readInput(ctx context.Context, e Env, source, file string) ([]byte, error) {
	var data []byte
	var err error
	if file == "" || file == "-" {
		data, err = foreign.ReadStream(ctx, e.Stdin)
	} else {
		data, err = foreign.ReadFile(ctx, file)
	}
	if err != nil {
		return nil, unreadable(source, err)
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

func unreadable(source string, err error) error {
	p, inFile := errors.AsType[*fs.PathError](err)
	switch {
	case errors.Is(err, foreign.ErrTooLarge):
		return fmt.Errorf("%s: the input is larger than 4 MiB", source)
	case errors.Is(err, foreign.ErrNotRegular):
		return fmt.Errorf("%s: this flag names %w; pipe the text into standard input and give - instead", source, err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: the command was canceled while it read its input", source)
	case inFile:
		err = p.Err
	}
	return fmt.Errorf("%s: cannot be read: %w", source, err)
}

// readToken reads a token and its claims.
func readToken(ctx context.Context, e Env, source, file string) (claims.UnverifiedClaims, error) {
	data, err := readInput(ctx, e, source, file)
	if err != nil {
		return claims.UnverifiedClaims{}, err
	}
	c, err := token.Inspect(token.In(data))
	if err != nil {
		return c, fmt.Errorf("%s: %w", source, err)
	}
	return c, nil
}
