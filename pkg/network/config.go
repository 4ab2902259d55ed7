// Package network owns the one way in which this program speaks HTTP: which
// proxy, which certificates, which hosts, how much of an answer is read, and what a
// request that failed is called. The Azure DevOps, Entra and STS legs share it. It must
// not know what is requested.
package network

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/url"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Config is how the agent reaches the network. It holds no AWS_ variable: none
// may influence our own clients.
type Config struct {
	// ProxyURL is the proxy of https requests, without credentials; nil for none.
	ProxyURL *url.URL
	// ProxyUser and ProxyPassword are sent to the proxy as Basic authentication.
	ProxyUser     string
	ProxyPassword secret.Value `json:"-"`
	// Bypass are the agent's regular expressions of URLs that need no proxy.
	Bypass []string
	// NoProxy is a NO_PROXY list.
	NoProxy string
	// CAFile is a PEM bundle that is added to the system's certificate authorities.
	CAFile string
	// UserAgent is sent with every request.
	UserAgent string

	// bundle is what CAFile holds, once it has been read.
	bundle []byte
}

// Secrets are the forms in which the proxy password could appear in a log.
func (c Config) Secrets() []secret.Value {
	if c.ProxyPassword.Empty() {
		return nil
	}
	password := c.ProxyPassword.Reveal()
	userinfo := url.UserPassword(c.ProxyUser, password)
	_, encoded, _ := strings.Cut(userinfo.String(), ":")
	return []secret.Value{
		c.ProxyPassword, secret.New(encoded), secret.New(url.QueryEscape(password)),
		secret.New(basic(c.ProxyUser, password)),
	}
}

// Note is a remark for the log about what the agent's settings mean here.
type Note struct {
	Text  string
	Debug bool
}

// FromAgent reads the agent's proxy and certificate settings. AGENT_PROXYURL
// takes precedence over HTTPS_PROXY (microsoft/azure-pipelines-agent
// src/Agent.Worker/ExecutionContext.cs sets the AGENT_ names). The context bounds the
// reading of the certificate bundle. The fault is AAR-PROXY; it never quotes the URL,
// which may hold a password.
func FromAgent(ctx context.Context, get func(string) string, userAgent string) (Config, []Note, error) {
	c := Config{UserAgent: userAgent, NoProxy: either(get, "NO_PROXY"), CAFile: get("AGENT_CAINFO")}
	var notes []Note
	source, raw := "AGENT_PROXYURL", get("AGENT_PROXYURL")
	if raw == "" {
		source, raw = "HTTPS_PROXY", either(get, "HTTPS_PROXY")
	}
	if err := c.setProxy(source, raw); err != nil {
		return Config{}, nil, err
	}
	if source == "AGENT_PROXYURL" {
		c.agentCredentials(get)
		c.Bypass, notes = bypass(get("AGENT_PROXYBYPASSLIST"))
	}
	if c.ProxyURL != nil {
		notes = append(notes, Note{Text: "proxy: " + c.ProxyURL.Host + " (" + source + ")"})
	}
	if c.CAFile != "" {
		notes = append(notes, c.readBundle(ctx))
	}
	return c, append(notes, certificateNotes(get)...), nil
}

func either(get func(string) string, name string) string {
	if v := get(name); v != "" {
		return v
	}
	return get(strings.ToLower(name))
}

// readBundle reads CAFile and says what it is worth.
func (c *Config) readBundle(ctx context.Context) Note {
	data, err := foreign.ReadFile(ctx, c.CAFile)
	switch {
	case err != nil:
		return Note{Text: "certificates: system authorities only; " + c.CAFile + " (AGENT_CAINFO) cannot be read here: " + why(err)}
	case !holdsCertificate(data):
		return Note{Text: "certificates: system authorities only; " + c.CAFile + " (AGENT_CAINFO) holds no PEM certificate"}
	}
	c.bundle = data
	return Note{Text: "certificates: system authorities and " + c.CAFile + " (AGENT_CAINFO)"}
}

// why says in a few words why a file was not read.
func why(err error) string {
	switch {
	case errors.Is(err, foreign.ErrNotRegular), errors.Is(err, foreign.ErrTooLarge):
		return "it is " + err.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "the file system did not answer in time"
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return "unknown error"
}

// holdsCertificate reports whether a PEM text holds a certificate that can be parsed.
func holdsCertificate(data []byte) bool {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			return true
		}
	}
	return false
}

// certificateNotes are about settings that do not count.
func certificateNotes(get func(string) string) []Note {
	var notes []Note
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"} {
		if get(name) != "" {
			notes = append(notes, Note{Text: "certificates: " + name + " is not honoured, because any step can set it; " +
				"give the agent the CA bundle with --sslcacert instead"})
		}
	}
	if strings.EqualFold(get("AGENT_SKIPCERTVALIDATION"), "true") {
		notes = append(notes, Note{Text: "certificates are verified although the agent was configured with --sslskipcertvalidation; " +
			"give the agent the right CA bundle with --sslcacert instead"})
	}
	return notes
}
