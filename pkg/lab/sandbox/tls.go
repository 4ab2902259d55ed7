package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// authority signs the certificates of the stand-ins. Certificates are valid
// around the real time, because clients check them against their own clock.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte

	mu    sync.Mutex
	leafs map[string]*tls.Certificate
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificateFor("pipeline-sandbox CA")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &authority{cert: cert, key: key, pem: block, leafs: map[string]*tls.Certificate{}}, nil
}

func certificateFor(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<62))), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
	}
}

// leaf issues the certificate of a host name, once.
func (a *authority) leaf(host string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cert := a.leafs[host]; cert != nil {
		return cert, nil
	}
	cert, err := a.issue(leafFor(host))
	if err != nil {
		return nil, err
	}
	a.leafs[host] = cert
	return cert, nil
}

func leafFor(host string) *x509.Certificate {
	template := certificateFor(host)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	return template
}

func (a *authority) issue(template *x509.Certificate) (*tls.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: a.key}, nil
}

// wrong is a certificate that no client may accept for the host.
func (a *authority) wrong(how, host string) (*tls.Certificate, error) {
	template := leafFor(host)
	switch how {
	case "unknown":
		stranger, err := newAuthority()
		if err != nil {
			return nil, err
		}
		return stranger.issue(template)
	case "name":
		template.DNSNames = []string{"portal.example.com"}
	case "expired":
		template.NotBefore, template.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return a.issue(template)
}

// listener wraps ln with TLS. A client that names no host gets the certificate
// of 127.0.0.1. Only HTTP/1.1 is spoken, so that faults can cut the connection.
func (a *authority) listener(ln net.Listener, greet func(*tls.ClientHelloInfo) (*tls.Config, error)) net.Listener {
	return tls.NewListener(ln, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetConfigForClient: greet,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == "" {
				return a.leaf("127.0.0.1")
			}
			return a.leaf(strings.ToLower(hello.ServerName))
		},
	})
}

var (
	adoHost   = regexp.MustCompile(`^(vsrm\.)?dev\.azure\.com$|^[\w-]+(\.vsrm)?\.visualstudio\.com$`)
	entraHost = regexp.MustCompile(`^login\.microsoftonline\.(com|us)$|^login\.partner\.microsoftonline\.cn$`)
	stsHost   = regexp.MustCompile(`^(vpce-[\w-]+\.)?sts(-fips)?\.([\w-]+\.)?(vpce\.)?(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.(com\.cn|eu))$`)
	issuers   = regexp.MustCompile(`^(vstoken\.dev\.azure\.com|sts\.windows\.net)$`)
)

// known tells whether a host name is one that the TLS listener answers for.
func known(host string) bool {
	return adoHost.MatchString(host) || entraHost.MatchString(host) || stsHost.MatchString(host) || issuers.MatchString(host)
}

// hosts sends a request to the stand-in that its host name stands for.
func (s *Sandbox) hosts(ado, sts http.Handler) http.Handler {
	entra := s.faulty(LegEntra, s.serveEntra)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostname(r.Host)
		switch {
		case s.serveDocument(w, r, host):
		case entraHost.MatchString(host):
			entra.ServeHTTP(w, r)
		case stsHost.MatchString(host):
			sts.ServeHTTP(w, r)
		case adoHost.MatchString(host), host == "127.0.0.1", host == "localhost":
			ado.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// serveDocuments is the plain http listener of the documents.
func (s *Sandbox) serveDocuments(w http.ResponseWriter, r *http.Request) {
	host, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	r.URL.Path = "/" + path
	if !s.serveDocument(w, r, host) {
		http.NotFound(w, r)
	}
}

// serveDocument answers with an issuer's discovery or key document.
func (s *Sandbox) serveDocument(w http.ResponseWriter, r *http.Request, host string) bool {
	doc := s.Document("https://" + host + r.URL.Path)
	if doc == nil || r.Method != http.MethodGet {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(doc) // the client may have gone
	return true
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
