package network

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

func get(t *testing.T, c *Client, url string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

// told is what a reader is told of a failed request.
func told(err error) *fault.Fault {
	return Service{"The service", fault.STSUnreachable, fault.STSResponse}.Unanswered(err, "its host")
}

func TestClientPolicy(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.UserAgent() != "assume-aws-role/test" {
			t.Errorf("User-Agent %q", r.UserAgent())
		}
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("x", MaxBody+1))
		case "/full":
			_, _ = io.WriteString(w, strings.Repeat("x", MaxBody))
		}
	}))
	t.Cleanup(server.Close)
	settings, _, err := FromAgent(t.Context(), func(n string) string {
		return map[string]string{"AGENT_PROXYURL": "http://u:canary-pw@127.0.0.1:1"}[n]
	}, "assume-aws-role/test")
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(settings, time.Now, nil)
	local := strings.Replace(server.URL, "127.0.0.1", "LocalHost", 1)
	answer, _, err := get(t, c, local+"/redirect")
	if err != nil {
		t.Fatalf("loopback went through the proxy: %v", err)
	}
	if answer.StatusCode != http.StatusFound || requests.Load() != 1 {
		t.Errorf("a redirect was followed: status %d after %d requests", answer.StatusCode, requests.Load())
	}
	if _, _, err := get(t, c, server.URL+"/large"); !errors.Is(err, ErrBodyTooLarge) {
		t.Errorf("large body: %v", err)
	}
	if _, body, err := get(t, c, server.URL+"/full"); err != nil || len(body) != MaxBody {
		t.Errorf("body of exactly 1 MiB: %d bytes, %v", len(body), err)
	}
	if _, _, err := get(t, c, "http://127.0.0.1.example.org/"); !errors.Is(err, ErrPlainHTTP) {
		t.Errorf("plain http: %v", err)
	}
	if _, _, err := get(t, c, "https://sts.example.invalid/"); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("through a dead proxy: %v", err)
	}
	if d := c.Skew(); d < 59*time.Minute || d > 61*time.Minute {
		t.Errorf("skew %v", d)
	}
}

// TestSkew keeps the difference of the clocks that was largest, ahead or behind.
func TestSkew(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Date", r.URL.Query().Get("date")) }))
	t.Cleanup(server.Close)
	c := NewClient(Config{}, func() time.Time { return now }, nil)
	for _, tt := range []struct{ ahead, want time.Duration }{
		{0, 0},
		{-time.Second, -time.Second},
		{time.Second, -time.Second}, // the first of two that are as large
		{2 * time.Second, 2 * time.Second},
		{-time.Second, 2 * time.Second},
		{-time.Hour, -time.Hour},
	} {
		if _, _, err := get(t, c, server.URL+"/?date="+url.QueryEscape(now.Add(tt.ahead).Format(http.TimeFormat))); err != nil {
			t.Fatal(err)
		}
		if c.Skew() != tt.want {
			t.Errorf("after a server that is %s ahead: skew %s, want %s", tt.ahead, c.Skew(), tt.want)
		}
	}
	if _, _, err := get(t, c, server.URL+"/?date=unknown"); err != nil || c.Skew() != -time.Hour {
		t.Errorf("after a date that cannot be read: skew %s, error %v", c.Skew(), err)
	}
}

// TestBodyHasALength: a request says how long its body is, also when it has none. Not
// every server takes a body in chunks.
func TestBodyHasALength(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "x"} {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Content-Length") != strconv.Itoa(len(body)) {
				t.Errorf("%q has length %q, encoding %q", body, r.Header.Get("Content-Length"), r.TransferEncoding)
			}
		}))
		t.Cleanup(server.Close)
		if _, err := post(t, NewClient(Config{}, time.Now, nil), server.URL, body); err != nil {
			t.Error(err)
		}
	}
}

// TestLocalhostAsksNoDNS: whatever a DNS server or a hosts file says of the name, it is
// this machine, by either of its addresses.
func TestLocalhostAsksNoDNS(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{"127.0.0.1", "::1"} {
		listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
		if err != nil {
			t.Logf("no loopback %s on this machine: %v", ip, err)
			continue
		}
		t.Cleanup(func() { _ = listener.Close() })
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			DNSStart: func(info httptrace.DNSStartInfo) { t.Errorf("%s is looked up", info.Host) },
		})
		conn, err := dial(ctx, "tcp", "LocalHost:"+port)
		if err != nil {
			t.Errorf("a server at %s: %v", ip, err)
			continue
		}
		_ = conn.Close()
	}
}

func TestFromAgent(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"AGENT_PROXYURL": "proxy.corp:3128", "AGENT_PROXYUSERNAME": "u", "SECRET_AGENT_PROXYPASSWORD": "canary/p w",
		"HTTPS_PROXY": "http://other:1", "AGENT_PROXYBYPASSLIST": `["(?!x)y","intra\\.corp"]`, "AGENT_SKIPCERTVALIDATION": "True",
	}
	c, notes, err := FromAgent(t.Context(), func(n string) string { return env[n] }, "ua")
	if err != nil {
		t.Fatal(err)
	}
	if c.ProxyURL.Host != "proxy.corp:3128" || len(c.Bypass) != 1 {
		t.Fatalf("the proxy is %s, past it go %v", c.ProxyURL.Host, c.Bypass)
	}
	said := ""
	for _, n := range notes {
		said += n.Text + "\n"
	}
	if strings.Contains(said, "canary") {
		t.Errorf("a note holds the password:\n%s", said)
	}
	for _, want := range []string{"proxy: proxy.corp:3128", "--sslcacert"} {
		if !strings.Contains(said, want) {
			t.Errorf("the notes lack %q:\n%s", want, said)
		}
	}
	forms := map[string]bool{}
	for _, s := range c.Secrets() {
		forms[s.Reveal()] = true
	}
	for _, want := range []string{"canary/p w", "canary%2Fp%20w", "canary%2Fp+w", "dTpjYW5hcnkvcCB3"} {
		if !forms[want] {
			t.Errorf("form %q is not masked", want)
		}
	}
	for _, bad := range []string{
		"ftp://u:canary@h", "http://u:canary@", "http://u:can%zzary@h",
		"http://u:12/canary@h", "http://u:12?canary@h:1", "http://u:12#canary@h:1", "u:12/canary@h", "http://canary/x:12@h", `http://u:12\canary@h`,
	} {
		_, _, err := FromAgent(t.Context(), func(n string) string { return map[string]string{"HTTPS_PROXY": bad}[n] }, "")
		f, _ := fault.As(err)
		if f == nil || f.Code != fault.Proxy {
			t.Fatalf("%q: error %v, want %s", bad, err, fault.Proxy)
		}
		if strings.Contains(f.Message(), "ary@") {
			t.Errorf("%q: the password is quoted: %v", bad, err)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost": true, "LOCALHOST": true,
		"localhost.": false, "localhost.evil.org": false, "127.1": false, "0.0.0.0": false, "::ffff:127.0.0.1": false, "": false, "2130706433": false,
	} {
		if IsLoopback(host) != want {
			t.Errorf("IsLoopback(%q) = %v", host, !want)
		}
	}
}

// TestSwitchedProtocol does not hang on the bare connection that follows such an
// answer.
func TestSwitchedProtocol(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	}))
	t.Cleanup(server.Close)
	answer, body, err := get(t, NewClient(Config{}, time.Now, nil), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols || body != "" {
		t.Errorf("the answer is %v with the body %q", answer, body)
	}
}

// TestHeaderIsBounded keeps an endless header from filling the memory, and from
// being asked for again.
func TestHeaderIsBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Large", strings.Repeat("x", 2*maxHeader))
	}))
	t.Cleanup(server.Close)
	c := NewClient(Config{}, time.Now, nil)
	_, _, err := get(t, c, server.URL)
	if err == nil {
		t.Fatal("a header of 512 KiB was taken")
	}
	f := told(err)
	if f.Code != fault.STSResponse || f.Retry != fault.Never {
		t.Errorf("the fault is %s, retry %d", f.Code, f.Retry)
	}
	if !strings.Contains(f.Why, "256 KiB") {
		t.Errorf("the reason does not name the limit: %q", f.Why)
	}
}

// TestUnusableBundleIsNamed says why the certificates of AGENT_CAINFO do not count.
func TestUnusableBundleIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, why := range map[string]string{file: "holds no PEM certificate", dir: "it is a directory, not a regular file", file + "x": "no such file"} {
		if runtime.GOOS == "windows" && name == file+"x" {
			continue // the system's own words
		}
		_, notes, err := FromAgent(t.Context(), func(n string) string { return map[string]string{"AGENT_CAINFO": name}[n] }, "x")
		if err != nil || len(notes) != 1 {
			t.Fatalf("the notes are %v, error %v", notes, err)
		}
		if !strings.Contains(notes[0].Text, "system authorities only; "+name) || !strings.Contains(notes[0].Text, why) {
			t.Errorf("%s, want %s", notes[0].Text, why)
		}
	}
}

// What other programs of the job read for certificates, any step can set: it is not
// used, and the log says so.
func TestCertificateVariablesThatDoNotCount(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"} {
		_, notes, err := FromAgent(t.Context(), func(n string) string { return map[string]string{name: "/etc/ca.pem"}[n] }, "x")
		if err != nil {
			t.Fatal(err)
		}
		if len(notes) != 1 || !strings.Contains(notes[0].Text, name+" is not honoured") {
			t.Errorf("%s: notes %v", name, notes)
		}
	}
}
