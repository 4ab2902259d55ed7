package pipeline

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// notShown stands where a message does not quote a value.
const notShown = "the value (not shown, because it holds or is held by a secret)"

// shortestSecret is the length from which a secret counts, in characters that are seen. A
// shorter one occurs in ordinary text by chance; the log's masker knows it.
const shortestSecret = 4

// quoter decides which values of inputs a message may quote. The masker of the log knows a
// secret only as a whole and only as it is spelled, but a message quotes lines and items
// of an input, and escapes or drops characters that are not seen.
type quoter struct {
	// secrets are what is seen of each.
	secrets []secret.Value
	// withheld are the inputs of which nothing is quoted, because the input holds a secret
	// or is held by one.
	withheld map[string]bool
}

// newQuoter knows the secrets of the job, and the inputs that have to do with them.
func newQuoter(in Inputs, secrets []secret.Value) quoter {
	q := quoter{withheld: map[string]bool{}}
	for _, s := range secrets {
		if text := seen(s.Reveal()); utf8.RuneCountInString(text) >= shortestSecret {
			q.secrets = append(q.secrets, secret.New(text))
		}
	}
	for _, f := range in.all() {
		q.withheld[f.name] = q.secretive(f.value)
	}
	return q
}

// seen is a text without spaces and without the characters that nobody sees, in lower
// case: two spellings of a secret are one secret.
func seen(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) || unicode.In(r, unicode.M, unicode.Other_Default_Ignorable_Code_Point) {
			return -1
		}
		return r
	}, s))
}

// secretive reports whether a value holds a secret or is held by one.
func (q quoter) secretive(value string) bool {
	text := seen(value)
	if utf8.RuneCountInString(text) < shortestSecret {
		return false
	}
	return slices.ContainsFunc(q.secrets, func(s secret.Value) bool {
		return strings.Contains(text, s.Reveal()) || strings.Contains(s.Reveal(), text)
	})
}

// withholds reports whether no message may quote the value of the input. The name is empty
// for a value that comes from elsewhere.
func (q quoter) withholds(input, value string) bool { return q.withheld[input] || q.secretive(value) }

// plain is a value of the input as a line of the log says it.
func (q quoter) plain(input, value string) string {
	if q.withholds(input, value) {
		return notShown
	}
	return value
}

// shown is a value of the input as a message quotes it: with Go's escapes, and only as a
// whole. A long one could be a secret that nobody has declared.
func (q quoter) shown(input, value string) string {
	const longest = 200
	if n := utf8.RuneCountInString(value); n > longest {
		return "a text of " + strconv.Itoa(n) + " characters"
	}
	if q.withholds(input, value) {
		return notShown
	}
	return strconv.Quote(value)
}
