// Package network owns the one way in which this program speaks HTTP: which
// proxy, which certificates, which hosts, how much of an answer is read. The
// Azure DevOps, Entra and STS legs share it. It must not know what is requested.
package network

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
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
	// CAFile is a PEM bundle that is added to the system's roots.
	CAFile string
	// UserAgent is sent with every request.
	UserAgent string
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
// wins over HTTPS_PROXY (microsoft/azure-pipelines-agent
// src/Agent.Worker/ExecutionContext.cs sets the AGENT_ names). The fault is
// AAR-PROXY; it never quotes the URL, which may hold a password.
func FromAgent(get func(string) string, userAgent string) (Config, []Note, error) {
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
	return c, append(notes, certificateNotes(c, get)...), nil
}

func either(get func(string) string, name string) string {
	if v := get(name); v != "" {
		return v
	}
	return get(strings.ToLower(name))
}

func (c *Config) setProxy(source, raw string) error {
	if raw = strings.TrimSpace(raw); raw == "" {
		return nil
	}
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &fault.Fault{Code: fault.Proxy, Summary: source + " is not the URL of an http or https proxy", Why: "a proxy is given as http://host:port."}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		c.ProxyUser, c.ProxyPassword = u.User.Username(), secret.New(password)
	}
	c.ProxyURL = &url.URL{Scheme: u.Scheme, Host: u.Host}
	return nil
}

// agentCredentials reads the credentials that the agent was configured with.
func (c *Config) agentCredentials(get func(string) string) {
	if user := get("AGENT_PROXYUSERNAME"); user != "" {
		c.ProxyUser, c.ProxyPassword = user, secret.New(get("SECRET_AGENT_PROXYPASSWORD"))
	}
}

// bypass reads the agent's list of regular expressions. They are written for
// .NET or JavaScript; one that RE2 cannot take is left out, never fatal.
func bypass(list string) ([]string, []Note) {
	var expressions, usable []string
	if list == "" {
		return nil, nil
	}
	if json.Unmarshal([]byte(list), &expressions) != nil {
		return nil, []Note{{Text: "AGENT_PROXYBYPASSLIST is not a JSON array of texts; ignored", Debug: true}}
	}
	var notes []Note
	for _, e := range expressions {
		if _, err := regexp.Compile("(?i)" + e); err != nil {
			notes = append(notes, Note{Text: "proxy bypass entry skipped, not a regular expression that Go can read: " + e, Debug: true})
			continue
		}
		usable = append(usable, e)
	}
	return usable, notes
}

func certificateNotes(c Config, get func(string) string) []Note {
	var notes []Note
	if c.CAFile != "" {
		text := "certificates: system roots and " + c.CAFile + " (AGENT_CAINFO)"
		if pem, err := os.ReadFile(c.CAFile); err != nil {
			text = "certificates: system roots only; " + c.CAFile + " (AGENT_CAINFO) cannot be read here"
		} else if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			text = "certificates: system roots only; " + c.CAFile + " (AGENT_CAINFO) holds no PEM certificate"
		}
		notes = append(notes, Note{Text: text})
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
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

// proxyFunc decides about the proxy of one URL. Loopback never has one, and plain
// http is used for loopback only.
func (c Config) proxyFunc() func(*url.URL) (*url.URL, error) {
	if c.ProxyURL == nil {
		return func(*url.URL) (*url.URL, error) { return nil, nil }
	}
	proxy := *c.ProxyURL
	if c.ProxyUser != "" {
		proxy.User = url.UserPassword(c.ProxyUser, c.ProxyPassword.Reveal())
	}
	expressions := make([]*regexp.Regexp, len(c.Bypass))
	for i, e := range c.Bypass {
		expressions[i] = regexp.MustCompile("(?i)" + e)
	}
	decide := (&httpproxy.Config{HTTPSProxy: proxy.String(), HTTPProxy: proxy.String(), NoProxy: c.NoProxy}).ProxyFunc()
	return func(u *url.URL) (*url.URL, error) {
		target := fmt.Sprintf("%s://%s", u.Scheme, u.Host)
		for _, e := range expressions {
			if e.MatchString(target) || e.MatchString(target+u.EscapedPath()) {
				return nil, nil
			}
		}
		return decide(u)
	}
}
