package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// MaxBody bounds the body of every answer, in bytes. Tokens and credentials have
// a few thousand; more is not an answer of these services.
const MaxBody = 1 << 20

// maxHeader bounds the header of every answer, in bytes.
const maxHeader = 256 << 10

// Errors of the policy; each is permanent.
var (
	ErrBodyTooLarge = errors.New("answer is larger than 1 MiB")
	ErrPlainHTTP    = errors.New("plain http is only used on loopback")
)

// Client is an http.RoundTripper with the policy of this program: https, or http
// on loopback; no redirects; bounded bodies; our User-Agent; the agent's proxy
// and certificates. It is safe for concurrent use.
type Client struct {
	base      *http.Transport
	userAgent string
	now       func() time.Time

	mu     sync.Mutex
	opened map[string]*opening
	skew   time.Duration
}

// opening is a connection that is being made before it is needed.
type opening struct {
	done chan struct{}
	conn *http.ClientConn
	err  error
}

// NewClient builds the client. A CA file that cannot be read is left out; FromAgent
// has said so.
func NewClient(c Config, now func() time.Time) *Client {
	proxy := c.proxyFunc()
	return &Client{
		userAgent: c.UserAgent,
		now:       now,
		opened:    map[string]*opening{},
		base: &http.Transport{
			Proxy:                  func(r *http.Request) (*url.URL, error) { return proxyOf(r.URL, proxy) },
			ProxyConnectHeader:     http.Header{"User-Agent": {c.UserAgent}},
			OnProxyConnectResponse: proxyAnswer,
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots(c.CAFile)},
			TLSHandshakeTimeout:    15 * time.Second,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
			TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
			MaxIdleConnsPerHost:    4,
		},
	}
}

func proxyOf(u *url.URL, decide func(*url.URL) (*url.URL, error)) (*url.URL, error) {
	if IsLoopback(u.Hostname()) {
		return nil, nil
	}
	return decide(u)
}

// proxyRefusal is an answer of the proxy other than that it has connected.
type proxyRefusal struct {
	proxy  string // host and port
	status int
}

func (e *proxyRefusal) Error() string {
	if e.status == http.StatusProxyAuthRequired {
		return "the proxy " + e.proxy + " asks for credentials (407)"
	}
	return strings.TrimSpace(fmt.Sprintf("the proxy %s refused the connection (%d %s)", e.proxy, e.status, http.StatusText(e.status)))
}

// permanent tells whether the proxy would refuse again: it decided, and was not too
// busy or cut off.
func (e *proxyRefusal) permanent() bool {
	return e.status < 500 && e.status != http.StatusRequestTimeout && e.status != http.StatusTooManyRequests
}

func proxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyRefusal{proxy: proxy.Host, status: answer.StatusCode}
}

// roots are the system's certificates and those of the file; nil stands for the
// system's alone.
func roots(file string) *x509.CertPool {
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(pem)
	return pool
}

// dial connects; localhost is dialled as loopback without asking DNS.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	host, port, err := net.SplitHostPort(address)
	if err != nil || !strings.EqualFold(host, "localhost") {
		return d.DialContext(ctx, network, address)
	}
	conn, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return d.DialContext(ctx, network, net.JoinHostPort("::1", port))
	}
	return conn, nil
}

// IsLoopback tells whether a host is this machine: 127.0.0.0/8, [::1], or the
// name localhost.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Is4() && ip.IsLoopback() || ip == netip.IPv6Loopback())
}

// Open starts a connection to the host of a URL, so that the first request to it
// need not wait for one. It returns at once; the request reports any error.
func (c *Client) Open(ctx context.Context, target *url.URL) {
	if allowed(target) != nil {
		return
	}
	o := &opening{done: make(chan struct{})}
	c.mu.Lock()
	_, known := c.opened[hostKey(target)]
	if !known {
		c.opened[hostKey(target)] = o
	}
	c.mu.Unlock()
	if known {
		return
	}
	if target.Scheme == "https" && c.base.TLSClientConfig.RootCAs == nil {
		// Reading the system's roots takes as long as a far round trip. crypto/x509 does
		// it once; done now, it runs beside the connecting.
		go func() { _, _ = x509.SystemCertPool() }()
	}
	go func() {
		defer close(o.done)
		o.conn, o.err = c.base.NewClientConn(ctx, target.Scheme, hostPort(target))
	}()
}

// RoundTrip sends one request under the policy.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := allowed(r.URL); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", c.userAgent)
	answer, err := c.send(r)
	if err != nil {
		return nil, fmt.Errorf("reaching %s: %w", r.URL.Host, bare(err))
	}
	c.noteSkew(answer.Header.Get("Date"))
	if answer.StatusCode == http.StatusSwitchingProtocols {
		// Its body is the bare connection, which no deadline ends.
		_ = answer.Body.Close()
		answer.Body = http.NoBody
	}
	answer.Body = &boundedBody{body: answer.Body, left: MaxBody}
	return answer, nil
}

// send uses the connection that Open made while it is usable.
func (c *Client) send(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	o := c.opened[hostKey(r.URL)]
	c.mu.Unlock()
	if o == nil {
		return c.base.RoundTrip(r)
	}
	select {
	case <-o.done:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if o.err == nil && o.conn.Err() == nil && o.conn.Reserve() == nil {
		return o.conn.RoundTrip(r)
	}
	c.mu.Lock()
	delete(c.opened, hostKey(r.URL))
	c.mu.Unlock()
	if o.err != nil {
		return nil, o.err
	}
	return c.base.RoundTrip(r)
}

// Skew is how far the clock of a server was ahead of ours, by the Date header
// that differed most.
func (c *Client) Skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}

func (c *Client) noteSkew(date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	d := at.Sub(c.now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.Abs() > c.skew.Abs() {
		c.skew = d
	}
}

func allowed(u *url.URL) error {
	if u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u.Hostname()) {
		return nil
	}
	return ErrPlainHTTP
}

func hostKey(u *url.URL) string { return u.Scheme + "://" + hostPort(u) }

func hostPort(u *url.URL) string { return net.JoinHostPort(u.Hostname(), portOf(u)) }

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"https": "443", "http": "80"}[u.Scheme]
}

// bare drops the URL that net/url's error quotes: it may hold a proxy's password.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// boundedBody fails, rather than ends, when an answer is too large: half an
// answer must never pass for a whole one.
type boundedBody struct {
	body io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, ErrBodyTooLarge
	}
	return n, err
}

func (b *boundedBody) Close() error { return b.body.Close() }
