package network

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"
)

// Clip bounds a text that a server sent, for a message: at most 512 bytes, one
// line. Words are never cut, and those that are as long as a token are left out: the
// masker of the log knows secrets as a whole.
func Clip(s string) string {
	const longest, longestWord = 512, 160
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	var b strings.Builder
	for s != "" {
		n := word(s)
		part := s[:n]
		s = s[n:]
		if n > longestWord {
			part = "(" + strconv.Itoa(n) + " characters left out)"
		}
		if b.Len()+len(part) > longest {
			return b.String() + "…"
		}
		b.WriteString(part)
	}
	return b.String()
}

// word is the length of what s begins with: characters that a token or a key may
// consist of, or one other.
func word(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.+/=~", r))
	})
	if n < 0 {
		return len(s)
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(s)
	}
	return n
}

// Reason says in a few words why a request failed. It never quotes the error: the
// text of some holds a URL.
func Reason(ctx context.Context, err error) string {
	if refused, ok := errors.AsType[*proxyRefusal](err); ok {
		return refused.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		return "the proxy could not be reached: " + Reason(ctx, op.Err)
	}
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
// repeated: the certificate is not trusted, the proxy refuses, there is no such host,
// the answer's header is too large, or the policy forbids the URL.
func Permanent(err error) bool {
	_, untrustedCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	refused, byProxy := errors.AsType[*proxyRefusal](err)
	dns, unresolved := errors.AsType[*net.DNSError](err)
	return untrustedCertificate || byProxy && refused.permanent() || unresolved && dns.IsNotFound ||
		errors.Is(err, ErrPlainHTTP) || strings.Contains(err.Error(), headerTooLarge)
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
