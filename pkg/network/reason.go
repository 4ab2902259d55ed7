package network

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
)

// Clip bounds a text that a server sent, for a message: at most 512 bytes, one
// line.
func Clip(s string) string {
	const longest = 512
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}

// Reason says in a few words why a request failed. It never quotes the error: the
// text of some holds a URL.
func Reason(ctx context.Context, err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "the name " + Clip(dns.Name) + " could not be resolved"
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the server's certificate is not trusted: " + Clip(cert.Err.Error())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return "no answer in time"
	case errors.Is(err, context.Canceled) || ctx.Err() != nil:
		return "the step was canceled"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "the connection was reset"
	case strings.Contains(err.Error(), "Proxy Authentication Required"):
		return "the proxy asks for credentials (407)"
	case strings.Contains(err.Error(), "EOF"):
		return "the connection was closed before the answer was complete"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return "the connection failed (" + op.Op + ")"
	}
	return "the request failed: " + Clip(scrub(err.Error()))
}

// headerTooLarge is how net/http says that an answer's header passes maxHeader.
const headerTooLarge = "server response headers exceeded"

// Permanent tells whether a failed request will fail again however often it is
// repeated: the certificate is not trusted, the proxy refuses the credentials, the
// answer's header is too large, or the policy forbids the URL.
func Permanent(err error) bool {
	_, untrustedCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	said := func(text string) bool { return strings.Contains(err.Error(), text) }
	return untrustedCertificate || errors.Is(err, ErrPlainHTTP) || said("Proxy Authentication Required") || said(headerTooLarge)
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

// scrub drops everything after a URL's start in an error text.
func scrub(s string) string {
	before, _, _ := strings.Cut(s, "://")
	return before
}
