package miniagent

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// masker replaces secrets in one line at a time, in the forms that the agent's
// masker derives: as it is, JSON-escaped, URL-escaped, with backslashes undone
// (microsoft/azure-pipelines-agent src/Microsoft.VisualStudio.Services.Agent/HostContext.cs).
// There is no base64 form and no masking of lines already written.
type masker struct {
	mu     sync.Mutex
	values []string
}

// userinfo matches the password of a URL, which the agent masks by itself.
var userinfo = regexp.MustCompile(`(://[^/\s:@]*:)([^/\s@]+)@`)

func (m *masker) add(secret string) {
	if secret == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, form := range []string{secret, jsonEscaped(secret), url.PathEscape(secret), url.QueryEscape(secret), strings.ReplaceAll(secret, `\\`, `\`)} {
		if !slices.Contains(m.values, form) {
			m.values = append(m.values, form)
		}
	}
	slices.SortFunc(m.values, func(a, b string) int { return len(b) - len(a) })
}

func jsonEscaped(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b[1 : len(b)-1])
}

func (m *masker) mask(line string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range m.values {
		line = strings.ReplaceAll(line, v, "***")
	}
	return userinfo.ReplaceAllString(line, "${1}***@")
}
