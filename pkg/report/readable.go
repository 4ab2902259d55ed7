package report

import "strings"

// readable takes known secrets out of a text that a service had a hand in, whatever their
// spelling, and rewrites it so that values which the agent would mask because they
// equal an authorization parameter of the connection stay readable: each is
// written in two halves. Such values (a role, a client id, an issuer, a subject)
// are no secrets, and an error that says *** helps nobody.
func (r Run) readable(text string) string {
	text = r.Result.Known.Remove(text)
	for _, v := range r.Plan.Masked {
		text = strings.ReplaceAll(text, v, halves(v))
	}
	return text
}

// halves writes a value as two quoted pieces. A role ARN is parted after ":role/",
// so that an account id, which may be masked on purpose, stays whole.
func halves(v string) string {
	at := len(v) / 2
	if i := strings.Index(v, ":role/"); i >= 0 {
		at = i + len(":role/")
	}
	return `"` + v[:at] + `" + "` + v[at:] + `"`
}

// readableJSON rewrites a JSON document for the same reason; it stays valid JSON
// with the same meaning: a slash becomes \/, and a value without one gets an
// escaped hyphen or letter.
func (r Run) readableJSON(document string) string {
	document = r.Result.Known.Remove(document)
	for _, v := range r.Plan.Masked {
		escaped := strings.ReplaceAll(v, "/", `\/`)
		if escaped == v {
			escaped = strings.Replace(v, "-", `\u002d`, 1)
		}
		document = strings.ReplaceAll(document, v, escaped)
	}
	return document
}

func (r Run) allReadable(texts []string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, r.readable(text))
	}
	return out
}
