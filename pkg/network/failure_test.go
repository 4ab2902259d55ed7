package network

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// wire is a server of bytes: it accepts connections and does with each what it is told.
func wire(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// takes reads a request to its end: its body is "x".
func takes(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, request.Body)
	return err == nil
}

// cut is a way to end a connection.
type cut func(net.Conn)

func rawOf(conn net.Conn) *net.TCPConn {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	return conn.(*net.TCPConn)
}

func reset(conn net.Conn) {
	_ = rawOf(conn).SetLinger(0)
	_ = rawOf(conn).Close()
}

func closed(conn net.Conn) { _ = rawOf(conn).Close() }

// halfClosed ends the sending side alone, and waits for the client to go.
func halfClosed(conn net.Conn) {
	_ = rawOf(conn).CloseWrite()
	_, _ = io.Copy(io.Discard, rawOf(conn))
}

// greeted ends the connection when the client has said hello: what is unread would turn
// every end into a reset.
func greeted(end cut) cut {
	return func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		end(conn)
	}
}

// alert sends a TLS alert in clear, which only a handshake takes.
func alert(code byte) cut {
	return func(conn net.Conn) {
		_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, code})
		halfClosed(conn)
	}
}

const began = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"

// after ends the connection when so much of an answer has been sent.
func after(sent string, end cut) func(net.Conn) {
	return func(conn net.Conn) {
		if takes(conn) {
			_, _ = io.WriteString(conn, sent)
			end(conn)
		}
	}
}

// TestFailuresByPhase ends the connection in each way, at each phase.
func TestFailuresByPhase(t *testing.T) {
	t.Parallel()
	stay := func(net.Conn) {}
	silence := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	const unreachable, broke, silent = "The service could not be reached at its host", "the connection to The service at its host broke off", "The service at its host did not answer in time"
	for name, tt := range map[string]struct {
		tls   bool
		serve func(net.Conn)
		what  string
		why   string
		retry fault.Retry
	}{
		"handshake, reset":                {true, greeted(reset), unreachable, "the connection was reset while it was being set up.", fault.Soon},
		"handshake, closed":               {true, greeted(closed), unreachable, "the connection was closed while it was being set up.", fault.Soon},
		"handshake, half-closed":          {true, greeted(halfClosed), unreachable, "the connection was closed while it was being set up.", fault.Soon},
		"handshake, alert that lasts":     {true, alert(40), unreachable, "the connection was ended by a TLS alert of the other side (handshake failure) while it was being set up.", fault.Never},
		"handshake, alert that passes":    {true, alert(80), unreachable, "the connection was ended by a TLS alert of the other side (internal error) while it was being set up.", fault.Soon},
		"handshake, silence":              {true, silence, unreachable, "no connection could be made in time.", fault.Soon},
		"handshake, not TLS":              {true, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); halfClosed(c) }, unreachable, "what answers there does not speak TLS.", fault.Never},
		"handshake, out of order":         {true, func(c net.Conn) { _, _ = c.Write([]byte{22, 3, 3, 0, 4, 14, 0, 0, 0}); halfClosed(c) }, unreachable, "the connection was ended because the other side broke the rules of TLS while it was being set up.", fault.Soon},
		"request taken, reset":            {false, after("", reset), broke, "the connection was reset before an answer came.", fault.Soon},
		"request taken, closed":           {false, after("", closed), broke, "the connection was closed before an answer came.", fault.Soon},
		"request taken, half-closed":      {false, after("", halfClosed), broke, "the connection was closed before an answer came.", fault.Soon},
		"request taken, silence":          {false, after("", stay), silent, "the request was sent, and no answer came in time.", fault.Soon},
		"header, reset":                   {false, after(began, reset), broke, "the connection was closed in the header of the answer.", fault.Soon}, // net/http makes it an end
		"header, closed":                  {false, after(began, closed), broke, "the connection was closed in the header of the answer.", fault.Soon},
		"header, half-closed":             {false, after(began+"X: ", halfClosed), broke, "the connection was closed in the header of the answer.", fault.Soon},
		"header, silence":                 {false, after(began, stay), silent, "the request was sent, and no answer came in time.", fault.Soon},
		"body, reset":                     {false, after(began+"\r\nhalf", reset), broke, "the connection was reset in the middle of the answer (status 200).", fault.Soon},
		"body, closed":                    {false, after(began+"\r\nhalf", closed), broke, "the connection was closed in the middle of the answer (status 200).", fault.Soon},
		"body, half-closed":               {false, after(began+"\r\nhalf", halfClosed), broke, "the connection was closed in the middle of the answer (status 200).", fault.Soon},
		"body, silence":                   {false, after(began+"\r\nhalf", stay), silent, "the answer (status 200) began and was not complete in time.", fault.Soon},
		"body, chunked, closed":           {false, after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", closed), broke, "the connection was closed in the middle of the answer (status 200).", fault.Soon},
		"body of an error, reset":         {false, after("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno", reset), broke, "the connection was reset in the middle of the answer (status 403).", fault.Soon},
		"not HTTP":                        {false, after("220 ready\r\n", halfClosed), broke, "what came back is not HTTP, or the connection failed in an unknown way in the header of the answer.", fault.Soon},
		"header larger than the bound":    {false, after("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 2*maxHeader), silence), "the answer of its host is not one of The service", "its header is larger than 256 KiB.", fault.Never},
		"body larger than the bound":      {false, after("HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", MaxBody+1), halfClosed), "the answer of its host is not one of The service", "it is larger than 1 MiB.", fault.Never},
		"TLS, request taken, reset":       {true, overTLS(t, after("", reset)), broke, "the connection was reset before an answer came.", fault.Soon},
		"TLS, body, reset":                {true, overTLS(t, after(began+"\r\nhalf", reset)), broke, "the connection was reset in the middle of the answer (status 200).", fault.Soon},
		"TLS, body, half-closed":          {true, overTLS(t, after(began+"\r\nhalf", halfClosed)), broke, "the connection was closed in the middle of the answer (status 200).", fault.Soon},
		"TLS, body, no record":            {true, overTLS(t, after(began+"\r\nhalf", func(c net.Conn) { _, _ = io.WriteString(rawOf(c), "220 another service\r\n"); halfClosed(c) })), broke, "the connection was ended because the other side broke the rules of TLS in the middle of the answer (status 200).", fault.Soon},
		"TLS, body, garbage for a record": {true, overTLS(t, after(began+"\r\nhalf", func(c net.Conn) { _, _ = rawOf(c).Write(bytes.Repeat([]byte{23, 3, 3, 0, 40}, 20)); halfClosed(c) })), broke, "the connection was ended because the other side broke the rules of TLS in the middle of the answer (status 200).", fault.Soon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancelCause(t.Context())
			u := url.URL{Scheme: "http", Host: wire(t, func(conn net.Conn) {
				tt.serve(conn)
				if name == "request taken, silence" || name == "header, silence" {
					end(context.DeadlineExceeded)
				}
				silence(conn)
			})}
			c := NewClient(Config{}, time.Now, nil)
			if tt.tls {
				u.Scheme = "https"
				c.base.TLSClientConfig.InsecureSkipVerify = true // not what is under test here
			}
			switch name {
			case "handshake, silence":
				c.base.TLSHandshakeTimeout = time.Millisecond
			case "body, silence":
				c.base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					conn, err := dial(ctx, network, address)
					return &expectant{Conn: conn, then: func() { end(context.DeadlineExceeded) }}, err
				}
			}
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = c.RoundTrip(r); err == nil {
				t.Fatal("it passed for an answer")
			}
			f, why := told(err), tt.why
			if runtime.GOOS == "windows" { // there a reset can pass for an end, and an end for a reset
				f.Why, why = strings.ReplaceAll(f.Why, " reset ", " closed "), strings.ReplaceAll(why, " reset ", " closed ")
			}
			if f.Summary != tt.what || f.Why != why {
				t.Errorf("the fault says\n%s\n%s\nwant\n%s\n%s\n(%v)", f.Summary, f.Why, tt.what, why, err)
			}
			if f.Retry != tt.retry {
				t.Errorf("retry %d, want %d (%v)", f.Retry, tt.retry, err)
			}
			if len(f.Remedy) == 0 {
				t.Error("no remedy of its own")
			}
		})
	}
}

// TestUsedConnectionThatEnds: a request on it is sent once more when not a byte of an
// answer came, and only then.
func TestUsedConnectionThatEnds(t *testing.T) {
	t.Parallel()
	const whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for name, tt := range map[string]struct {
		opened   bool
		sent     string // of the second answer
		requests int32
		why      string // empty when the second request succeeds
	}{
		"no answer":           {false, "", 3, ""},
		"no answer, opened":   {true, "", 3, ""},
		"one byte":            {false, "H", 2, " in the header of the answer."},
		"one byte, opened":    {true, "H", 2, " in the header of the answer."},
		"half a body":         {false, began + "\r\nhalf", 2, " in the middle of the answer (status 200)."},
		"half a body, opened": {true, began + "\r\nhalf", 2, " in the middle of the answer (status 200)."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			u := url.URL{Scheme: "http", Host: wire(t, func(conn net.Conn) {
				for takes(conn) {
					if requests.Add(1) == 2 {
						_, _ = io.WriteString(conn, tt.sent)
						closed(conn)
						return
					}
					_, _ = io.WriteString(conn, whole)
				}
			})}
			c := NewClient(Config{}, time.Now, nil)
			if tt.opened {
				c.Open(t.Context(), &u)
			}
			if got, err := post(t, c, u.String(), "x"); err != nil || got != "ok" {
				t.Fatalf("the first answer is %q, error %v", got, err)
			}
			_, err := post(t, c, u.String(), "x")
			if (err == nil) != (tt.why == "") {
				t.Fatalf("the second request: error %v, want one that ends in %q", err, tt.why)
			}
			if err != nil && !strings.HasSuffix(told(err).Why, tt.why) {
				t.Errorf("the reason is %q, want one that ends in %q", told(err).Why, tt.why)
			}
			if n := requests.Load(); n != tt.requests {
				t.Errorf("%d requests arrived, want %d", n, tt.requests)
			}
		})
	}
}

// TestSilentHandshake is given up in time for another try.
func TestSilentHandshake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewClient(Config{}, time.Now, nil)
		c.base.DialContext = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			return ours, nil
		}
		from := time.Now()
		_, _, err := get(t, c, "https://a.b/")
		if f := told(err); f.Why != "no connection could be made in time." || f.Retry != fault.Soon {
			t.Errorf("the reason is %q, retry %d", f.Why, f.Retry)
		}
		if took := time.Since(from); took != 15*time.Second {
			t.Errorf("it was given up after %s, want 15s", took)
		}
	})
}

// expectant is a connection that calls then when more is expected after "half".
type expectant struct {
	net.Conn
	then func()
	half bool
}

func (e *expectant) Read(p []byte) (int, error) {
	if e.half {
		e.then()
	}
	n, err := e.Conn.Read(p)
	e.half = e.half || bytes.Contains(p[:n], []byte("half"))
	return n, err
}

// overTLS does what serve does on a connection on which TLS has been set up.
func overTLS(t *testing.T, serve func(net.Conn)) func(net.Conn) {
	t.Helper()
	i := newIssuer(t, "any")
	pair := tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
	return func(conn net.Conn) {
		s := tls.Server(conn, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}})
		if s.Handshake() == nil {
			serve(s)
		}
	}
}

// TestFailureBySystemError names each error of the system, by any of its numbers.
func TestFailureBySystemError(t *testing.T) {
	t.Parallel()
	for why, numbers := range map[string][]error{
		"the connection was refused.":                                    asErrors(errno.Refused),
		"the connection was reset while it was being set up.":            asErrors(errno.Reset),
		"no connection could be made in time.":                           asErrors(errno.TimedOut),
		"there is no route to it.":                                       asErrors(errno.Unrouted),
		"this machine does not allow the connection.":                    asErrors(errno.Forbidden),
		"this machine has no free file or socket left.":                  asErrors(errno.NoDescriptors),
		"the name x.y could not be resolved.":                            {&net.DNSError{Name: "x.y", IsNotFound: true}},
		"the DNS server did not answer when it was asked for x.y.":       {&net.DNSError{Name: "x.y", IsTimeout: true}},
		"the request was canceled.":                                      {context.Canceled},
		"the URL is not https, and plain http is used on loopback only.": {ErrPlainHTTP},
	} {
		for _, err := range numbers {
			f := told(&Failure{cause: &net.OpError{Op: "dial", Err: err}})
			if f.Why != why {
				t.Errorf("%#v: %q, want %q", err, f.Why, why)
			}
			if strings.HasPrefix(strings.Join(f.Remedy, " "), "Check the agent's DNS") != strings.Contains(why, "x.y") {
				t.Errorf("%q: the remedies are %q", why, f.Remedy)
			}
		}
	}
}

func asErrors[E error](list []E) []error {
	var out []error
	for _, e := range list {
		out = append(out, e)
	}
	return out
}

// TestNoReasonQuotesAnError, whatever kind of error it is.
func TestNoReasonQuotesAnError(t *testing.T) {
	t.Parallel()
	canary := errors.New("canary: Basic dXNlcjpjYW5hcnk= https://u:canary@proxy/?q=canary")
	for _, err := range []error{
		canary, fmt.Errorf("x: %w", canary), &net.OpError{Op: "read", Err: canary}, &net.OpError{Op: "proxyconnect", Err: canary},
		&net.OpError{Op: "local error", Err: canary}, &url.Error{Op: "Post", URL: canary.Error(), Err: canary}, &tls.CertificateVerificationError{Err: canary},
	} {
		for at := connecting; at <= inHeader; at++ {
			if said := told(&Failure{host: "h", at: at, cause: err}).Message(); strings.Contains(said, "canary") {
				t.Errorf("%#v is quoted:\n%s", err, said)
			}
		}
	}
}

// TestCertificateNamesAreForeign keeps what a server was told before out of what is said
// of the names in its certificate.
func TestCertificateNamesAreForeign(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJSUzI1NiJ9eyJzdWIiOiJ4In0"
	known := &foreign.Secrets{}
	known.Add(secret.New(token))
	i := newIssuer(t, "the token is "+token[:30])
	err := &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{i.cert}, Err: x509.UnknownAuthorityError{Cert: i.cert}}
	said := told(&Failure{host: "h", cause: err, known: known}).Message()
	if strings.Contains(said, token[:16]) || !strings.Contains(said, "it was issued by CN=the token is (secret removed), which") {
		t.Error(said)
	}
}

// TestCutShort: a document that just ends has broken off, unless the answer said how long
// it is.
func TestCutShort(t *testing.T) {
	t.Parallel()
	end := json.Unmarshal([]byte(`{"a"`), &struct{}{})
	odd := json.Unmarshal([]byte(`<html>`), &struct{}{})
	for name, tt := range map[string]struct {
		answer  http.Response
		parsing error
		cut     bool
	}{
		"whole":            {http.Response{ContentLength: -1}, nil, false},
		"ends":             {http.Response{ContentLength: -1}, end, true},
		"ends, XML":        {http.Response{ContentLength: -1}, xml.Unmarshal([]byte("<a>"), &struct{}{}), true},
		"no document":      {http.Response{ContentLength: -1}, odd, false},
		"stated":           {http.Response{ContentLength: 4}, end, false},
		"stated, empty":    {http.Response{ContentLength: 0}, end, false},
		"stated in chunks": {http.Response{ContentLength: -1, TransferEncoding: []string{"chunked"}}, end, false},
	} {
		err := CutShort(&tt.answer, tt.parsing)
		if (err != nil) != tt.cut {
			t.Errorf("%s: %v, want one: %v", name, err, tt.cut)
		}
		if tt.cut && Begun(err) != &tt.answer {
			t.Errorf("%s: the failure is one of %v", name, Begun(err))
		}
	}
	if Begun(io.EOF) != nil {
		t.Error("an answer has begun where there was none")
	}
}

// TestVerification says what is wrong with a certificate, and who can mend it.
func TestVerification(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	names := func(n int) *x509.Certificate {
		c := &x509.Certificate{DNSNames: strings.Split("a.x b.x c.x d.x", " ")[:n], NotBefore: at, NotAfter: at.AddDate(1, 0, 0)}
		c.Issuer.CommonName = "Proxy"
		return c
	}
	address := &x509.Certificate{IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}}
	none := &authorities{none: true}
	for name, tt := range map[string]struct {
		leaf        *x509.Certificate
		err         error
		authorities *authorities
		why, remedy string
	}{
		"one name":            {names(1), x509.HostnameError{}, nil, "it is valid for a.x, not for h.", "Check that h leads to the right machine"},
		"three names":         {names(3), x509.HostnameError{}, nil, "it is valid for a.x, b.x, c.x, not for h.", "Check that h leads"},
		"four names":          {names(4), x509.HostnameError{}, nil, "it is valid for a.x, b.x, c.x, others, not for h.", "Check that h leads"},
		"an address":          {address, x509.HostnameError{}, nil, "it is valid for 10.0.0.1, not for h.", "Check that h leads"},
		"no name":             {names(0), x509.HostnameError{}, nil, "it is valid for no name, not for h.", "Check that h leads"},
		"unknown name":        {nil, x509.HostnameError{}, nil, "it is not valid for h.", "Check that h leads"},
		"expired":             {names(1), x509.CertificateInvalidError{Cert: names(1), Reason: x509.Expired}, nil, "it is not valid now: from 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z.", "Set the clock"},
		"invalid":             {names(1), x509.CertificateInvalidError{Cert: names(1), Reason: x509.NotAuthorizedToSign}, nil, "it does not satisfy the rules for certificates of servers.", "Give the agent the CA bundle"},
		"unknown authority":   {names(1), x509.UnknownAuthorityError{}, &authorities{}, "it was issued by CN=Proxy, which is not trusted here.", "Give the agent the CA bundle"},
		"unknown certificate": {nil, x509.UnknownAuthorityError{}, nil, "it was issued by an authority that is not trusted here.", "Give the agent the CA bundle"},
		"no authorities":      {names(1), x509.UnknownAuthorityError{}, none, "it was issued by CN=Proxy, which is not trusted here: this machine has no certificate authorities at all.", "Install ca-certificates"},
	} {
		failed := &tls.CertificateVerificationError{Err: tt.err}
		if tt.leaf != nil {
			failed.UnverifiedCertificates = []*x509.Certificate{tt.leaf, names(2)}
		}
		f := &Failure{host: "h", cause: failed, authorities: tt.authorities}
		d, found := f.verification()
		if !found || d.why != tt.why {
			t.Errorf("%s: %q, want %q", name, d.why, tt.why)
		}
		if len(d.remedy) == 0 || !strings.HasPrefix(d.remedy[0], tt.remedy) {
			t.Errorf("%s: the remedies are %q, want %q", name, d.remedy, tt.remedy)
		}
		if otherName := errors.Is(tt.err, x509.HostnameError{}); f.certificate() == otherName {
			t.Errorf("%s: further authorities could help: %v", name, f.certificate())
		}
	}
	if _, found := (&Failure{cause: io.EOF}).verification(); found {
		t.Error("an error without a certificate is taken for one")
	}
}
