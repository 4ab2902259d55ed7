package miniagent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// masker replaces secrets in one line or message at a time, in the forms that the
// agent's masker derives: as it is, JSON-escaped, URL-escaped, with backslashes undone
// (microsoft/azure-pipelines-agent src/Microsoft.VisualStudio.Services.Agent/HostContext.cs).
// There is no base64 form and no masking of lines already written.
type masker struct {
	mu     sync.Mutex
	values map[string]bool
}

func newMasker() *masker { return &masker{values: map[string]bool{}} }

// userinfo matches the password of a URL, which the agent masks by itself.
var userinfo = regexp.MustCompile(`://[^/\s:@]*:([^/\s@]+)@`)

// unslash undoes the escapes of a string literal in the order of the agent's
// BackslashEscape encoder.
var unslash = [][2]string{{`\\`, `\`}, {`\'`, `'`}, {`\"`, `"`}, {`\t`, "\t"}}

// add registers a value that appears while the job runs.
func (m *masker) add(secret string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	backslash := secret
	for _, pair := range unslash {
		backslash = strings.ReplaceAll(backslash, pair[0], pair[1])
	}
	for _, form := range []string{secret, jsonEscaped(secret), dataEscaped(secret), backslash} {
		if form != "" {
			m.values[form] = true
		}
	}
}

// addInitial registers a secret that comes with the job; those also get a trimmed,
// an unquoted, a base64 and an escaped form (src/Agent.Worker/Worker.cs).
func (m *masker) addInitial(secret string) {
	if secret == "" {
		return
	}
	for _, form := range []string{
		secret, strings.TrimSpace(secret), strings.Trim(strings.TrimSpace(secret), `"'`),
		base64.StdEncoding.EncodeToString([]byte(secret)),
		strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A").Replace(secret),
	} {
		m.add(form)
	}
}

// jsonEscaped is a string as it stands between the quotes of a JSON document that
// .NET writes: without the escapes that Go adds for HTML.
func jsonEscaped(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return s
	}
	return strings.TrimSuffix(b.String(), "\n")[1 : b.Len()-2]
}

// dataEscaped is .NET's Uri.EscapeDataString: all but unreserved characters.
func dataEscaped(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// mask puts three stars in place of each hit; hits that overlap or touch become one.
func (m *masker) mask(line string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	hit := make([]bool, len(line))
	for v := range m.values {
		for at := 0; ; at++ {
			i := strings.Index(line[at:], v)
			if i < 0 {
				break
			}
			at += i
			mark(hit, at, at+len(v))
		}
	}
	for _, span := range userinfo.FindAllStringSubmatchIndex(line, -1) {
		mark(hit, span[2], span[3])
	}
	return stars(line, hit)
}

func mark(hit []bool, from, to int) {
	for i := from; i < to; i++ {
		hit[i] = true
	}
}

func stars(line string, hit []bool) string {
	var b strings.Builder
	for i := range len(line) {
		switch {
		case !hit[i]:
			b.WriteByte(line[i])
		case i == 0 || !hit[i-1]:
			b.WriteString("***")
		}
	}
	return b.String()
}
