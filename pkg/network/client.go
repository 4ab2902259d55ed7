package network

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
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
// on loopback; no redirects; answers that are whole, in memory and bounded; our
// User-Agent; the agent's proxy and certificates. It is safe for concurrent use.
type Client struct {
	userAgent   string
	now         func() time.Time
	known       *foreign.Secrets
	authorities *authorities
	widening    sync.Mutex

	mu     sync.Mutex
	base   *http.Transport
	opened map[string]*opening
	skew   time.Duration
}

// opening is a connection that is being made before it is needed.
type opening struct {
	by   *http.Transport
	done chan struct{}
	conn *http.ClientConn
	err  error
	used atomic.Bool
}

// NewClient builds the client. What it later says of a server never shows a part of a
// known secret.
func NewClient(c Config, now func() time.Time, known *foreign.Secrets) *Client {
	authorities, proxy := newAuthorities(c), c.proxyFunc()
	return &Client{
		userAgent: c.UserAgent, now: now, known: known, authorities: authorities, opened: map[string]*opening{},
		base: &http.Transport{
			Proxy:                  func(r *http.Request) (*url.URL, error) { return proxy(targetOf(r)) },
			ProxyConnectHeader:     http.Header{"User-Agent": {c.UserAgent}},
			OnProxyConnectResponse: proxyAnswer,
			DialContext:            authorities.dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities.pool()},
			TLSHandshakeTimeout:    connectTimeout,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
			TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
			MaxIdleConnsPerHost:    4,
		},
	}
}

// dial connects, and hands the connection on when the authorities are there to verify the
// other side by.
func (a *authorities) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := dial(ctx, network, address)
	a.await()
	return conn, err
}

// Open starts a connection to the host of a URL, so that the first request to it
// need not wait for one. It returns at once; the request reports any error.
func (c *Client) Open(ctx context.Context, target *url.URL) {
	if allowed(target) != nil {
		return
	}
	c.mu.Lock()
	o := &opening{by: c.base, done: make(chan struct{})}
	_, known := c.opened[hostKey(target)]
	if !known {
		c.opened[hostKey(target)] = o
	}
	c.mu.Unlock()
	if known {
		return
	}
	c.begin(ctx, target)
	go func() {
		defer close(o.done)
		ctx := context.WithValue(ctx, targetKey{}, target)
		o.conn, o.err = o.by.NewClientConn(ctx, target.Scheme, hostPort(target))
	}()
}

// targetKey is the key of the URL that a context of Open is for.
type targetKey struct{}

// targetOf is the URL by which the proxy of a request is chosen. For a connection without
// a request the transport makes one up, whose URL lacks the port, the path and the brackets
// of an IPv6 address (net/http clientconn.go, NewClientConn).
func targetOf(r *http.Request) *url.URL {
	if target, ok := r.Context().Value(targetKey{}).(*url.URL); ok {
		return target
	}
	return r.URL
}

// begin has the authorities read when a connection will need them. It runs beside the
// connecting.
func (c *Client) begin(ctx context.Context, target *url.URL) {
	if target.Scheme == "https" {
		c.authorities.begin(ctx)
	}
}

// RoundTrip sends one request under the policy, and returns an answer whose body is
// whole and in memory. Every error is a *Failure. A request is sent once more, on a new
// connection, in two cases only: the certificate was not accepted before it, or the
// server had ended a connection that had been used before and lay idle. Repeating does no
// harm: no request of this program changes anything at a service.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := ownBody(r)
	if err == nil {
		err = allowed(r.URL)
	}
	if err != nil {
		return nil, &Failure{host: r.URL.Host, cause: err}
	}
	c.begin(r.Context(), r.URL)
	base := c.transport()
	answer, failed := c.attempt(base, r, body)
	if failed != nil && failed.stale() {
		c.forget(r.URL)
		base.CloseIdleConnections()
		answer, failed = c.attempt(base, r, body)
	}
	if wider := c.wider(base, failed); wider != nil {
		answer, failed = c.attempt(wider, r, body)
	}
	if failed != nil {
		failed.authorities, failed.known = c.authorities, c.known
		return nil, failed
	}
	return answer, nil
}

// attempt sends a request over one transport and reads its answer.
func (c *Client) attempt(base *http.Transport, r *http.Request, body []byte) (*http.Response, *Failure) {
	progress := &progress{}
	q := r.Clone(progress.watch(r.Context()))
	q.Header.Set("User-Agent", c.userAgent)
	q.Body, q.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		q.Body = io.NopCloser(bytes.NewReader(body))
		q.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	answer, err := c.send(base, q, progress)
	if err != nil {
		return nil, &Failure{host: r.URL.Host, at: progress.phase(), reused: progress.reused.Load(), cause: bare(err)}
	}
	c.noteSkew(answer.Header.Get("Date"))
	if err := gather(answer); err != nil {
		return nil, &Failure{host: r.URL.Host, at: inBody, answer: answer, cause: err}
	}
	return answer, nil
}

// ownBody takes a request's body into memory. The transport gets a copy of it: it may
// look at the body after it has returned, when others have closed theirs.
func ownBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading request body: %w", err)
	}
	return body, nil
}

// gather reads an answer's body to its end, so that half an answer never passes for a
// whole one. An answer that changes the protocol has none: behind it is the bare
// connection, which no deadline ends.
func gather(answer *http.Response) error {
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		answer.Body = http.NoBody
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxBody+1))
	if err == nil && len(body) > MaxBody {
		err = ErrBodyTooLarge
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

func (c *Client) transport() *http.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base
}

// wider is a transport that trusts all of the system's authorities, when the one in use
// knew only a part of them and did not accept a certificate; otherwise nil.
func (c *Client) wider(used *http.Transport, failed *Failure) *http.Transport {
	if failed == nil || !failed.certificate() {
		return nil
	}
	c.widening.Lock()
	defer c.widening.Unlock()
	if base := c.transport(); base != used {
		return base
	}
	all := c.authorities.all()
	if all == nil {
		return nil
	}
	wide := used.Clone()
	wide.TLSClientConfig.RootCAs = all
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base, c.authorities.more = wide, false
	return wide
}

// send uses the connection that Open made while it is usable.
func (c *Client) send(base *http.Transport, r *http.Request, progress *progress) (*http.Response, error) {
	c.mu.Lock()
	o := c.opened[hostKey(r.URL)]
	c.mu.Unlock()
	if o == nil {
		return base.RoundTrip(r)
	}
	select {
	case <-o.done:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if o.err == nil && o.conn.Err() == nil && o.conn.Reserve() == nil {
		progress.connected(o.used.Swap(true))
		return o.conn.RoundTrip(r)
	}
	c.forget(r.URL)
	if o.err != nil && o.by == base {
		return nil, o.err
	}
	return base.RoundTrip(r) // base may trust a server that the other transport did not
}

// forget drops the connection that Open made to a host.
func (c *Client) forget(target *url.URL) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.opened, hostKey(target))
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
