package network

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
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
		"agent, bypass of a port":    {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYBYPASSLIST": `["a\\.b:443$"]`}, "https://a.b:443/", ""},
		"agent, other bypass":        {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYBYPASSLIST": `["^https://b"]`}, "https://a.b/", agent},
		"agent, bypass not a list":   {map[string]string{"AGENT_PROXYURL": agent, "AGENT_PROXYBYPASSLIST": `a.b`}, "https://a.b/", agent},
		"loopback never":             {map[string]string{"AGENT_PROXYURL": agent}, "https://[::1]:8443/", ""},
		"localhost never":            {map[string]string{"AGENT_PROXYURL": agent}, "http://LOCALHOST:8080/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, err := FromAgent(t.Context(), func(n string) string { return tt.env[n] }, "")
			if err != nil {
				t.Fatal(err)
			}
			request := httptest.NewRequest(http.MethodPost, tt.url, http.NoBody)
			client := NewClient(c, time.Now, nil)
			proxy, err := client.base.Proxy(request)
			got, way := "", hostPort(request.URL)
			if proxy != nil {
				got, way = proxy.String(), proxy.Host
			}
			if err != nil || got != tt.want {
				t.Errorf("proxy %q, want %q (%v)", got, tt.want, err)
			}
			if dialled := opened(t, client, request.URL); dialled != way {
				t.Errorf("a connection made ahead goes to %s, want %s", dialled, way)
			}
		})
	}
}

// opened is where Open connects to for a URL.
func opened(t *testing.T, c *Client, target *url.URL) string {
	t.Helper()
	dialled := make(chan string, 1)
	c.base.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		dialled <- address
		return nil, net.ErrClosed
	}
	c.Open(t.Context(), target)
	return <-dialled
}

// TestProxyRefusal tells by the proxy's answer whether to ask again, who refused, and
// what to do about it.
func TestProxyRefusal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status      int
		user        string
		retry       fault.Retry
		why, remedy string
	}{
		{http.StatusProxyAuthRequired, "", fault.Never, " asks for credentials (407)", "proxy's user and password"},
		{http.StatusProxyAuthRequired, "u", fault.Never, " does not accept the user and password that it was given (407)", "Correct the proxy's user and password"},
		{http.StatusForbidden, "", fault.Never, " refused the connection (403 Forbidden)", "owner of the proxy"},
		{http.StatusRequestTimeout, "", fault.Soon, " refused the connection (408 Request Timeout)", "Re-run"},
		{http.StatusTooManyRequests, "", fault.Soon, " refused the connection (429 Too Many Requests)", "Re-run"},
		{499, "", fault.Never, " refused the connection (499)", "owner of the proxy"},
		{http.StatusInternalServerError, "", fault.Soon, " refused the connection (500 Internal Server Error)", "Re-run"},
		{http.StatusServiceUnavailable, "", fault.Soon, " refused the connection (503 Service Unavailable)", "Re-run"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			agent := make(chan string, 1)
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				agent <- r.Header.Get("User-Agent")
				w.WriteHeader(tt.status)
			}))
			t.Cleanup(proxy.Close)
			u, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			config := Config{ProxyURL: u, UserAgent: "ours/1", ProxyUser: tt.user, ProxyPassword: secret.New("canary")}
			_, _, err = get(t, NewClient(config, time.Now, nil), "https://a.b/")
			if err == nil {
				t.Fatal("the proxy let the request through")
			}
			f := told(err)
			if f.Why != "the proxy "+u.Host+tt.why || f.Retry != tt.retry {
				t.Errorf("the reason is %q, retry %d, want %q, retry %d", f.Why, f.Retry, "the proxy "+u.Host+tt.why, tt.retry)
			}
			if !strings.Contains(f.Remedy[0], tt.remedy) {
				t.Errorf("the remedy is %q, want %q", f.Remedy[0], tt.remedy)
			}
			if got := <-agent; got != "ours/1" {
				t.Errorf("User-Agent of CONNECT: %q", got)
			}
			proxy.Close()
			_, _, err = get(t, NewClient(config, time.Now, nil), "https://a.b/")
			f = told(err)
			if f.Why != "the proxy could not be used: the connection was refused." || f.Retry != fault.Soon {
				t.Errorf("a closed proxy: the reason is %q, retry %d", f.Why, f.Retry)
			}
			if len(f.Remedy) != 1 || !strings.Contains(f.Remedy[0], "proxy settings") {
				t.Errorf("a closed proxy: the remedies are %q", f.Remedy)
			}
		})
	}
}

// TestProxyCertificate: a proxy that is reached by https and has a certificate of an
// unknown authority. The agent can be given that.
func TestProxyCertificate(t *testing.T) {
	t.Parallel()
	address, requests := newIssuer(t, "Corp").server(unchanged)
	proxy, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = get(t, newMachine(t, newIssuer(t, "bundled")).client(Config{ProxyURL: proxy}), "https://a.b/")
	f := told(err)
	if want := "the proxy's certificate was not accepted: it was issued by CN=Corp, which is not trusted here."; f.Why != want {
		t.Errorf("the reason is %q, want %q", f.Why, want)
	}
	if remedy := strings.Join(f.Remedy, " "); !strings.Contains(remedy, "proxy settings") || !strings.Contains(remedy, "CA bundle of the proxy") {
		t.Errorf("the remedies are %q", f.Remedy)
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests went to it", n)
	}
}

// TestMalformedConnect answers CONNECT with what is no answer, and echoes all it got:
// nothing of it, the Basic value least of all, is shown.
func TestMalformedConnect(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]func(request string) string{
		"echo":      func(r string) string { return r },
		"status":    func(r string) string { return "HTTP/1.1 200" + strings.ReplaceAll(r, "\r\n", " ") + "\r\n\r\n" },
		"header":    func(r string) string { return "HTTP/1.1 200 OK\r\n" + strings.ReplaceAll(r, ":", " ") + "\r\n" },
		"version":   func(r string) string { return "HTTP/9.9 200 " + r },
		"half":      func(string) string { return "HTTP/1.1 2" },
		"no answer": func(string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				var request strings.Builder
				for r := bufio.NewReader(conn); ; {
					line, err := r.ReadString('\n')
					request.WriteString(line)
					if err != nil || line == "\r\n" {
						break
					}
				}
				_, _ = io.WriteString(conn, say(request.String()))
				_ = conn.Close()
			}()
			u := &url.URL{Scheme: "http", Host: listener.Addr().String()}
			config := Config{ProxyURL: u, ProxyUser: "user", ProxyPassword: secret.New("canary-password")}
			_, _, err = get(t, NewClient(config, time.Now, nil), "https://a.b/")
			if err == nil {
				t.Fatal("it passed for an answer")
			}
			message := told(err).Message()
			for _, hidden := range []string{"canary", basic("user", "canary-password"), "Basic", "CONNECT a.b"} {
				if strings.Contains(message, hidden) {
					t.Errorf("%q in:\n%s", hidden, message)
				}
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
	c := NewClient(Config{}, time.Now, nil)
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

// TestFailedOpeningIsForgotten wants the request that waited for it to report it, without
// a try of its own, and the next one to try anew.
func TestFailedOpeningIsForgotten(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	c := NewClient(Config{}, time.Now, nil)
	var tries atomic.Int32
	c.base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		tries.Add(1)
		return dial(ctx, network, address)
	}
	c.Open(t.Context(), target)
	for want := range int32(2) {
		if _, _, err := get(t, c, server.URL); err == nil || told(err).Why != "the connection was refused." {
			t.Errorf("closed server: %v", err)
		}
		if n := tries.Load(); n != want+1 {
			t.Errorf("%d tries to connect for %d requests", n, want+1)
		}
	}
	if len(c.opened) != 0 {
		t.Error("the failed connection is kept")
	}
	c.Open(t.Context(), &url.URL{Scheme: "http", Host: "a.b"})
	if len(c.opened) != 0 {
		t.Error("a plain connection off loopback was opened")
	}
}
