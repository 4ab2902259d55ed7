package network

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"
)

// TestProxyChoice decides by the agent's settings which way a request goes.
func TestProxyChoice(t *testing.T) {
	t.Parallel()
	const agent, machine = "http://agent-proxy:3128", "http://machine-proxy:8080"
	for name, tt := range map[string]struct {
		env       map[string]string
		url, want string // want is the proxy, with credentials
	}{
		"none":                       {nil, "https://sts.eu-west-1.amazonaws.com/", ""},
		"machine":                    {map[string]string{"HTTPS_PROXY": machine}, "https://a.b/", machine},
		"machine, lower case":        {map[string]string{"https_proxy": machine}, "https://a.b/", machine},
		"machine with credentials":   {map[string]string{"HTTPS_PROXY": "http://u:p%40w@machine-proxy:8080/x?y"}, "https://a.b/", "http://u:p%40w@machine-proxy:8080"},
		"machine without scheme":     {map[string]string{"HTTPS_PROXY": "machine-proxy:8080"}, "https://a.b/", machine},
		"machine, NO_PROXY":          {map[string]string{"HTTPS_PROXY": machine, "NO_PROXY": "a.b"}, "https://a.b/", ""},
		"machine, agent's bypass":    {map[string]string{"HTTPS_PROXY": machine, "AGENT_PROXYBYPASSLIST": `["a"]`}, "https://a.b/", machine},
		"machine, agent's user":      {map[string]string{"HTTPS_PROXY": machine, "AGENT_PROXYUSERNAME": "u"}, "https://a.b/", machine},
		"HTTP_PROXY is of no use":    {map[string]string{"HTTP_PROXY": machine, "ALL_PROXY": machine}, "https://a.b/", ""},
		"agent before machine":       {map[string]string{"HTTPS_PROXY": machine, "AGENT_PROXYURL": agent}, "https://a.b/", agent},
		"agent with credentials":     {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYUSERNAME": "u", "SECRET_AGENT_PROXYPASSWORD": "p@w"}, "https://a.b/", "http://u:p%40w@agent-proxy:3128"},
		"plain password is not read": {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYUSERNAME": "u", "AGENT_PROXYPASSWORD": "p"}, "https://a.b/", "http://u:@agent-proxy:3128"},
		"agent, NO_PROXY":            {map[string]string{"AGENT_PROXYURL": agent, "no_proxy": ".b"}, "https://a.b/", ""},
		"agent, bypass":              {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYBYPASSLIST": `["(?!x)y","A\\.b"]`}, "https://a.b/", ""},
		"agent, bypass of a path":    {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYBYPASSLIST": `["^https://a\\.b/c"]`}, "https://a.b/c", ""},
		"agent, other bypass":        {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYBYPASSLIST": `["^https://b"]`}, "https://a.b/", agent},
		"agent, bypass not a list":   {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYBYPASSLIST": `a.b`}, "https://a.b/", agent},
		"loopback never":             {map[string]string{"AGENT_PROXYURL": agent}, "https://[::1]:8443/", ""},
		"localhost never":            {map[string]string{"AGENT_PROXYURL": agent}, "http://LOCALHOST:8080/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, err := FromAgent(func(n string) string { return tt.env[n] }, "")
			if err != nil {
				t.Fatal(err)
			}
			request := httptest.NewRequest(http.MethodPost, tt.url, http.NoBody)
			proxy, err := NewClient(c, time.Now).base.Proxy(request)
			got := ""
			if proxy != nil {
				got = proxy.String()
			}
			if err != nil || got != tt.want {
				t.Errorf("proxy %q, want %q (%v)", got, tt.want, err)
			}
		})
	}
}

// TestProxyRefusal tells by the proxy's answer whether to ask again, and who refused.
func TestProxyRefusal(t *testing.T) {
	t.Parallel()
	for status, tt := range map[int]struct {
		permanent bool
		want      string
	}{
		http.StatusProxyAuthRequired:  {true, " asks for credentials (407)"},
		http.StatusForbidden:          {true, " refused the connection (403 Forbidden)"},
		http.StatusTooManyRequests:    {false, " refused the connection (429 Too Many Requests)"},
		http.StatusServiceUnavailable: {false, " refused the connection (503 Service Unavailable)"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			agent := make(chan string, 1)
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				agent <- r.Header.Get("User-Agent")
				w.WriteHeader(status)
			}))
			t.Cleanup(proxy.Close)
			u, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = get(t, NewClient(Config{ProxyURL: u, UserAgent: "ours/1"}, time.Now), "https://a.b/")
			if err == nil || Permanent(err) != tt.permanent || Reason(t.Context(), err) != "the proxy "+u.Host+tt.want {
				t.Errorf("%v: permanent %t, %q", err, Permanent(err), Reason(t.Context(), err))
			}
			if got := <-agent; got != "ours/1" {
				t.Errorf("User-Agent of CONNECT: %q", got)
			}
			proxy.Close()
			_, _, err = get(t, NewClient(Config{ProxyURL: u}, time.Now), "https://a.b/")
			if err == nil || Permanent(err) || Reason(t.Context(), err) != "the proxy could not be reached: the connection was refused" {
				t.Errorf("a closed proxy: %v: %q", err, Reason(t.Context(), err))
			}
		})
	}
}

// TestOpenedConnectionIsUsed counts connections: what Open made serves both
// requests.
func TestOpenedConnectionIsUsed(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(Config{}, time.Now)
	c.Open(t.Context(), target)
	c.Open(t.Context(), target)
	for range 2 {
		if _, _, err := get(t, c, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// TestFailedOpeningIsForgotten wants the next request to try anew.
func TestFailedOpeningIsForgotten(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	c := NewClient(Config{}, time.Now)
	c.Open(t.Context(), target)
	if _, _, err := get(t, c, server.URL); err == nil || Reason(t.Context(), err) != "the connection was refused" {
		t.Errorf("closed server: %v", err)
	}
	if len(c.opened) != 0 {
		t.Error("the failed connection is kept")
	}
	c.Open(t.Context(), &url.URL{Scheme: "http", Host: "a.b"})
	if len(c.opened) != 0 {
		t.Error("a plain connection off loopback was opened")
	}
}
