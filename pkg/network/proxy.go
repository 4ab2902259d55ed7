package network

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// setProxy reads the URL of a proxy. An @ behind the host means that the password holds a
// character which ends the host in a URL: its tail would be taken for a path and its
// head for a port.
func (c *Config) setProxy(source, raw string) error {
	if raw = strings.TrimSpace(raw); raw == "" {
		return nil
	}
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
		strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return &fault.Fault{
			Code: fault.Proxy, Summary: source + " is not the URL of an http or https proxy",
			Why: "use the form http://host:port or http://user:password@host:port; in user and password, / ? # @ : and % " +
				"must be written %2F %3F %23 %40 %3A and %25.",
		}
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
		if IsLoopback(u.Hostname()) {
			return nil, nil
		}
		target := fmt.Sprintf("%s://%s", u.Scheme, u.Host)
		for _, e := range expressions {
			if e.MatchString(target) || e.MatchString(target+u.EscapedPath()) {
				return nil, nil
			}
		}
		return decide(u)
	}
}

// proxyRefusal is an answer of the proxy other than that it has connected.
type proxyRefusal struct {
	proxy  string // host and port
	status int
	// authorised tells whether the request bore a user and a password.
	authorised bool
}

func (e *proxyRefusal) Error() string {
	switch {
	case e.status == http.StatusProxyAuthRequired && e.authorised:
		return "the proxy " + e.proxy + " does not accept the user and password that it was given (407)"
	case e.status == http.StatusProxyAuthRequired:
		return "the proxy " + e.proxy + " asks for credentials (407)"
	}
	status := strings.TrimSpace(fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))) // not every status has a text
	return "the proxy " + e.proxy + " refused the connection (" + status + ")"
}

// permanent reports whether the proxy would refuse again: it decided, and was not too
// busy or cut off.
func (e *proxyRefusal) permanent() bool {
	return e.status < 500 && e.status != http.StatusRequestTimeout && e.status != http.StatusTooManyRequests
}

func (e *proxyRefusal) remedy() []string {
	switch {
	case e.status == http.StatusProxyAuthRequired && e.authorised:
		return []string{"Correct the proxy's user and password in the agent's settings (./config.sh --proxyusername … --proxypassword …), or in HTTPS_PROXY."}
	case e.status == http.StatusProxyAuthRequired:
		return []string{"Give the agent the proxy's user and password (./config.sh --proxyusername … --proxypassword …), or write them into HTTPS_PROXY."}
	case e.permanent():
		return []string{"Ask the owner of the proxy to allow connections (CONNECT) to the host named above."}
	}
	return []string{"Re-run the job later: the proxy could not connect. Check with its owner that it reaches the host named above."}
}

func proxyAnswer(_ context.Context, proxy *url.URL, connect *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyRefusal{proxy: proxy.Host, status: answer.StatusCode, authorised: connect.Header.Get("Proxy-Authorization") != ""}
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}
