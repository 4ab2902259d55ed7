package network

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// issuer is a certificate authority of a test.
type issuer struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newIssuer(t *testing.T, name string) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := i.sign(template, template)
	if i.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	i.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return i
}

func (i *issuer) sign(template, parent *x509.Certificate) []byte {
	i.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &i.key.PublicKey, i.key)
	if err != nil {
		i.t.Fatal(err)
	}
	return der
}

// server answers over TLS with a certificate for 127.0.0.1, as change makes it, and
// counts the requests that it gets.
func (i *issuer) server(change func(*x509.Certificate)) (address string, requests *atomic.Int32) {
	i.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(template)
	requests = &atomic.Int32{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(w, r.Body)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{i.sign(template, i.cert)}, PrivateKey: i.key}}}
	s.StartTLS()
	i.t.Cleanup(s.Close)
	return s.URL, requests
}

// machine is a system whose bundle holds one authority, and whose directory holds more.
type machine struct {
	bundle string
	all    *x509.CertPool
	reads  atomic.Int32 // of everything
}

func newMachine(t *testing.T, bundled *issuer, more ...*issuer) *machine {
	t.Helper()
	m := &machine{bundle: filepath.Join(t.TempDir(), "bundle.crt"), all: x509.NewCertPool()}
	if err := os.WriteFile(m.bundle, bundled.pem, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, i := range append(more, bundled) {
		m.all.AppendCertsFromPEM(i.pem)
	}
	return m
}

// client is a client on the machine, which verifies by itself when it has no bundle.
func (m *machine) client(c Config) *Client {
	made := NewClient(c, time.Now, nil)
	made.authorities.bundles = nil
	if m.bundle != "" {
		made.authorities.bundles = []string{m.bundle + "-absent", m.bundle}
	}
	made.authorities.system = func() (*x509.CertPool, error) {
		m.reads.Add(1)
		return m.all.Clone(), nil
	}
	made.base.TLSClientConfig.RootCAs = made.authorities.pool()
	return made
}

func post(t *testing.T, c *Client, url, body string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.RoundTrip(r)
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(answer.Body)
	return string(got), err
}

func unchanged(*x509.Certificate) {}

// TestAuthorities of which some are in the bundle, and one only in the directory. The
// rest is read when it is needed, once, and the request is sent once.
func TestAuthorities(t *testing.T) {
	t.Parallel()
	bundled, laid, stranger := newIssuer(t, "bundled"), newIssuer(t, "hand-laid"), newIssuer(t, "stranger, Inc.")
	for name, tt := range map[string]struct {
		by     *issuer
		change func(*x509.Certificate)
		reads  int32
		why    string // empty when the server is trusted
	}{
		"in the bundle":                {bundled, unchanged, 0, ""},
		"only in the directory":        {laid, unchanged, 1, ""},
		"nowhere":                      {stranger, unchanged, 1, `it was issued by CN=stranger\, Inc., which is not trusted here.`},
		"another name":                 {bundled, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"a.b"} }, 0, "it is valid for a.b, not for its host."},
		"another name, by the laid":    {laid, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"a.b"} }, 0, "it is valid for a.b, not for its host."},
		"expired":                      {bundled, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, 1, "it is not valid now: from "},
		"expired, by the laid":         {laid, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, 1, "it is not valid now: from "},
		"of a client":                  {bundled, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, 1, "it does not satisfy the rules"},
		"of a client, by the laid one": {laid, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, 1, "it does not satisfy the rules"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, bundled, laid)
			c := m.client(Config{})
			address, requests := tt.by.server(tt.change)
			for range 2 {
				got, err := post(t, c, address, "a body")
				if tt.why == "" {
					if err != nil || got != "a body" {
						t.Fatalf("the answer is %q, error %v", got, err)
					}
					continue
				}
				if err == nil || !strings.HasPrefix(told(err).Why, tt.why) {
					t.Fatalf("error %v, want one because %s", err, tt.why)
				}
				if told(err).Retry != fault.Never {
					t.Fatalf("%v may be repeated", err)
				}
			}
			if m.reads.Load() != tt.reads {
				t.Errorf("the whole was read %d times, want %d", m.reads.Load(), tt.reads)
			}
			want := map[bool]int64{true: 2}[tt.why == ""]
			if n := int64(requests.Load()); n != want {
				t.Errorf("%d requests arrived, want %d", n, want)
			}
		})
	}
}

// TestAuthoritiesInParallel sends many requests at once to a server that only the
// directory vouches for, some of them over a connection opened before.
func TestAuthoritiesInParallel(t *testing.T) {
	t.Parallel()
	bundled, laid := newIssuer(t, "bundled"), newIssuer(t, "hand-laid")
	m := newMachine(t, bundled, laid)
	c := m.client(Config{})
	address, _ := laid.server(unchanged)
	trusted, _ := bundled.server(unchanged)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	c.Open(t.Context(), request.URL)
	second, _ := laid.server(unchanged)
	if request, err = http.NewRequestWithContext(t.Context(), http.MethodGet, second, http.NoBody); err != nil {
		t.Fatal(err)
	}
	c.Open(t.Context(), request.URL)
	var all sync.WaitGroup
	for range 20 {
		for _, to := range []string{address, second, trusted} {
			all.Go(func() {
				if got, err := post(t, c, to, "x"); err != nil || got != "x" {
					t.Errorf("the answer is %q, error %v", got, err)
				}
			})
		}
	}
	all.Wait()
	if n := m.reads.Load(); n != 1 {
		t.Errorf("the whole was read %d times", n)
	}
}

// TestAgentAuthorities adds AGENT_CAINFO to the bundle and to the whole.
func TestAgentAuthorities(t *testing.T) {
	t.Parallel()
	bundled, laid, agents := newIssuer(t, "bundled"), newIssuer(t, "hand-laid"), newIssuer(t, "agent's")
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, append([]byte("a comment\n"), agents.pem...), 0o600); err != nil {
		t.Fatal(err)
	}
	read, notes, err := FromAgent(t.Context(), func(n string) string { return map[string]string{"AGENT_CAINFO": file}[n] }, "x")
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || notes[0].Text != "certificates: system authorities and "+file+" (AGENT_CAINFO)" {
		t.Errorf("notes %v", notes)
	}
	address, _ := agents.server(unchanged)
	byDirectory, _ := laid.server(unchanged)
	for name, config := range map[string]Config{"of the step": read, "of a renewal": {CAFile: file}} {
		m := newMachine(t, bundled, laid)
		c := m.client(config)
		if _, err := post(t, c, address, "x"); err != nil || m.reads.Load() != 0 {
			t.Errorf("%s: %v after %d reads of the whole", name, err, m.reads.Load())
		}
		if _, err := post(t, c, byDirectory, "x"); err != nil {
			t.Errorf("%s: beside it the directory counts: %v", name, err)
		}
		if _, err := post(t, c, address, "x"); err != nil {
			t.Errorf("%s: after the whole was read: %v", name, err)
		}
	}
}

// TestOpenedBeforeTheWholeWasRead: a connection whose server was not trusted then is made
// anew with all authorities.
func TestOpenedBeforeTheWholeWasRead(t *testing.T) {
	t.Parallel()
	laid := newIssuer(t, "hand-laid")
	m := newMachine(t, newIssuer(t, "bundled"), laid)
	c := m.client(Config{})
	first, _ := laid.server(unchanged)
	second, _ := laid.server(unchanged)
	for _, address := range []string{first, second} {
		target, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		c.Open(t.Context(), target)
	}
	for _, address := range []string{first, second} {
		if got, err := post(t, c, address, "x"); err != nil || got != "x" {
			t.Errorf("the answer is %q, error %v", got, err)
		}
	}
	if n := m.reads.Load(); n != 1 {
		t.Errorf("the whole was read %d times", n)
	}
}

// TestSystemThatVerifies by itself, as macOS and Windows do, goes on to do so; with
// AGENT_CAINFO, its authorities count beside those.
func TestSystemThatVerifies(t *testing.T) {
	t.Parallel()
	config := NewClient(Config{}, time.Now, nil).base.TLSClientConfig
	if ours := config.RootCAs != nil; ours != (runtime.GOOS == "linux") {
		t.Errorf("servers are verified by the authorities that we read: %v", ours)
	}
	system, agents := newIssuer(t, "system"), newIssuer(t, "agent's")
	m := newMachine(t, system)
	m.bundle = ""
	if config = m.client(Config{}).base.TLSClientConfig; config.RootCAs != nil {
		t.Error("the system does not verify")
	}
	c := m.client(Config{CAFile: "ca.pem", bundle: agents.pem})
	for name, i := range map[string]*issuer{"the system's": system, "the agent's": agents} {
		address, _ := i.server(unchanged)
		if _, err := post(t, c, address, "x"); err != nil {
			t.Errorf("%s authority: %v", name, err)
		}
	}
}

// TestNoAuthorities happens in images without ca-certificates.
func TestNoAuthorities(t *testing.T) {
	t.Parallel()
	m := &machine{bundle: filepath.Join(t.TempDir(), "none"), all: x509.NewCertPool()}
	address, _ := newIssuer(t, "public").server(unchanged)
	_, err := post(t, m.client(Config{}), address, "x")
	f := told(err)
	if !strings.Contains(f.Why, "no certificate authorities at all") || !strings.Contains(f.Remedy[0], "Install ca-certificates in the image") {
		t.Errorf("the fault does not say that authorities are missing: %+v", f)
	}
}
