package network

import (
	"context"
	"crypto/x509"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
)

// bundles are the files that crypto/x509 looks for on Linux, in its order
// (src/crypto/x509/root_linux.go). There, a directory is read beside the first of them,
// which on most systems holds the same certificates once more, a file each.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Gentoo
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL 6
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/tls/cacert.pem",                           // OpenELEC
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
	"/etc/ssl/cert.pem",                                 // Alpine Linux
}

// authorities are the certificates that servers are verified against: the system's, and
// those of CAFile. On Linux the bundle comes first and alone; everything that the system
// has is read only when a server is not trusted by that. Both times crypto/tls decides by
// its usual rules, and the second pool is the one it would have used itself, so the
// outcome is always the same as without the first. macOS and Windows verify by
// themselves.
type authorities struct {
	bundles []string
	system  func() (*x509.CertPool, error)
	caFile  string
	extra   []byte // what caFile holds

	begun atomic.Bool
	once  sync.Once
	ready chan struct{} // closed when the fields below are complete

	first *x509.CertPool
	// more tells that the system may have certificates which first lacks.
	more bool
	// none tells that the system has no certificates at all.
	none bool
}

func newAuthorities(c Config) *authorities {
	a := &authorities{system: x509.SystemCertPool, caFile: c.CAFile, extra: c.bundle, ready: make(chan struct{}), first: x509.NewCertPool()}
	if runtime.GOOS == "linux" {
		a.bundles = bundles
	}
	return a
}

// pool is the set of authorities for tls.Config: nil where the system verifies by
// itself. It is filled by the time that await returns.
func (a *authorities) pool() *x509.CertPool {
	if a.bundles == nil && a.caFile == "" {
		return nil
	}
	return a.first
}

// begin starts the reading, once; it goes on beside the caller. The context bounds it.
func (a *authorities) begin(ctx context.Context) {
	if a.pool() == nil {
		return
	}
	a.begun.Store(true)
	go a.once.Do(func() {
		defer close(a.ready)
		a.load(ctx)
	})
}

// await returns when what begin started is complete.
func (a *authorities) await() {
	if a.begun.Load() {
		<-a.ready
	}
}

func (a *authorities) load(ctx context.Context) {
	if a.extra == nil && a.caFile != "" {
		a.extra, _ = foreign.ReadFile(ctx, a.caFile) // without it, servers that need it are not trusted
	}
	a.more = a.appendBundle(ctx)
	if !a.more {
		pool := a.everything()
		a.none = pool.Equal(x509.NewCertPool())
		*a.first = *pool
	}
	a.first.AppendCertsFromPEM(a.extra)
}

// appendBundle adds the first bundle that is there, as crypto/x509 does, and reports
// whether it held a certificate.
func (a *authorities) appendBundle(ctx context.Context) bool {
	for _, file := range a.bundles {
		if data, err := foreign.ReadFile(ctx, file); err == nil {
			return a.first.AppendCertsFromPEM(data)
		}
	}
	return false
}

// everything is all that the system has.
func (a *authorities) everything() *x509.CertPool {
	pool, err := a.system()
	if err != nil {
		return x509.NewCertPool()
	}
	return pool
}

// all is the system's whole set with caFile; nil when first is that already.
func (a *authorities) all() *x509.CertPool {
	a.await()
	if !a.more {
		return nil
	}
	pool := a.everything()
	pool.AppendCertsFromPEM(a.extra)
	return pool
}
