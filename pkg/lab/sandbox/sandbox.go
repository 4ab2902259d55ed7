// Package sandbox owns local stand-ins for the services that the task talks to:
// the token endpoint of Azure DevOps, the token endpoint of Microsoft Entra and
// AWS STS, with a proxy and a certificate authority to reach them under their
// real names.
//
// The stand-ins verify what they get as the real services document it, record
// every request and every breach of protocol, and can be told to fail. They must
// know nothing about the task's own code, so that both cannot be wrong in the
// same way; the one exception is the evaluator of trust policies. Nothing here is
// shipped.
package sandbox

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// Sandbox is a running set of stand-ins.
type Sandbox struct {
	// ADOURL is the organisation's collection on loopback over plain http, with a
	// slash at its end.
	ADOURL string
	// STSURL is STS on loopback over plain http, without a path.
	STSURL string
	// ADOTLSURL and STSTLSURL are the same two over TLS, trusted by CAFile.
	ADOTLSURL, STSTLSURL string
	// ProxyURL is the CONNECT proxy that leads the real host names to the stand-ins.
	ProxyURL string
	// TLSAddress is host:port of the listener that answers for the real host names.
	TLSAddress string
	// MetadataURL is a stand-in for instance metadata and container credentials
	// that hands out nothing and records a violation for each request.
	MetadataURL string
	// DocumentsURL serves the discovery and key documents over plain http: append
	// a document's URL without https://.
	DocumentsURL string
	// CAFile is a PEM file with the authority that signed the TLS certificates.
	CAFile string
	// JobToken is the job's access token that the token endpoint expects.
	JobToken string

	cfg    Config
	now    func() time.Time
	agent  *regexp.Regexp
	rec    recorder
	faults faultSet
	docs   map[string][]byte
	creds  credentialStore
	ca     *authority

	mu          sync.Mutex
	unreference map[string]bool

	dir     string
	servers []server
}

// server is an HTTP server, and where it will serve or serves.
type server struct {
	*http.Server
	listener net.Listener
}

// New starts every stand-in on loopback. The caller closes it.
func New(cfg Config) (*Sandbox, error) {
	s := &Sandbox{cfg: cfg, now: cfg.Now, JobToken: cfg.JobToken, unreference: map[string]bool{}}
	if s.now == nil {
		s.now = time.Now
	}
	pattern := cfg.UserAgent
	if pattern == "" {
		pattern = `^assume-aws-role/\S+`
	}
	var err error
	if s.agent, err = regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("compiling the pattern of User-Agent: %w", err)
	}
	if err := cfg.checkPolicies(); err != nil {
		return nil, err
	}
	if s.JobToken == "" {
		s.JobToken = randomText(64)
	}
	s.docs, s.creds.sessions = cfg.documents(), map[string]*session{}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	return s, nil
}

func (s *Sandbox) start() error {
	ado, sts := s.faulty(LegADO, s.serveADO), s.faulty(LegSTS, s.serveSTS)
	var err error
	if s.dir, err = os.MkdirTemp("", "pipeline-sandbox-"); err != nil {
		return err
	}
	if s.ca, err = newAuthority(); err != nil {
		return err
	}
	s.CAFile = filepath.Join(s.dir, "ca.pem")
	if err := os.WriteFile(s.CAFile, s.ca.pem, 0o600); err != nil {
		return err
	}
	plain, err := s.listenAll(false, ado, sts, http.HandlerFunc(s.serveProxy), http.HandlerFunc(s.serveMetadata), http.HandlerFunc(s.serveDocuments))
	if err != nil {
		return err
	}
	secure, err := s.listenAll(true, s.hosts(ado, sts), ado, sts)
	if err != nil {
		return err
	}
	collection := "/" + s.cfg.Organisation.Name + "/"
	s.TLSAddress, s.ADOTLSURL, s.STSTLSURL = secure[0], "https://"+secure[1]+collection, "https://"+secure[2]
	s.ADOURL = "http://" + plain[0] + collection
	s.STSURL, s.ProxyURL, s.MetadataURL = "http://"+plain[1], "http://"+plain[2], "http://"+plain[3]
	s.DocumentsURL = "http://" + plain[4] + "/"
	// Only now: a port can be one that somebody still asks for who was served there before.
	for _, server := range s.servers {
		go func() { _ = server.Serve(server.listener) }() // ends with Close
	}
	return nil
}

// listenAll makes a server for each handler and returns their addresses.
func (s *Sandbox) listenAll(tls bool, handlers ...http.Handler) ([]string, error) {
	addresses := make([]string, len(handlers))
	for i, h := range handlers {
		var err error
		if addresses[i], err = s.listen(h, tls); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}

// openedKey is the context key of the time at which a connection was accepted.
type openedKey struct{}

func (s *Sandbox) listen(h http.Handler, tls bool) (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := ln.Addr().String()
	if tls {
		ln = s.ca.listener(ln, s.greet)
	}
	s.servers = append(s.servers, server{listener: ln, Server: &http.Server{
		Handler: h, ReadHeaderTimeout: 30 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, openedKey{}, time.Now())
		},
	}})
	return address, nil
}

// Close stops the stand-ins and removes their files.
func (s *Sandbox) Close() {
	for _, server := range s.servers {
		_ = server.Close()
		_ = server.listener.Close()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// Config returns the world that the stand-ins show.
func (s *Sandbox) Config() Config { return s.cfg }

// Document returns the discovery or key document at a URL of an issuer, nil if
// there is none.
func (s *Sandbox) Document(url string) []byte { return s.docs[url] }

// SetReferenced says whether the job's stage names the connection as a task
// input, which the token endpoint demands. Connections start as configured.
func (s *Sandbox) SetReferenced(id string, referenced bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unreference[id] = !referenced
}

func (s *Sandbox) referenced(conn Connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if un, set := s.unreference[conn.ID]; set {
		return !un
	}
	return !conn.Unreferenced
}
