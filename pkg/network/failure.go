package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
)

// Failure is a request that brought no whole answer: there was no connection, no answer,
// or one that broke off. Service.Unanswered says in words what happened.
type Failure struct {
	host        string
	at          phase
	reused      bool // the connection had carried another request before
	answer      *http.Response
	cause       error
	authorities *authorities
	known       *foreign.Secrets
}

// Error is for programmers; no message shows it.
func (f *Failure) Error() string { return "reaching " + f.host + ": " + f.cause.Error() }

// stale reports whether the connection had ended before the request: it lay idle, and not
// a byte came back.
func (f *Failure) stale() bool {
	late := errors.Is(f.cause, context.DeadlineExceeded) || errors.Is(f.cause, context.Canceled)
	return f.reused && f.at < inHeader && !late
}

// Unwrap returns what happened.
func (f *Failure) Unwrap() error { return f.cause }

// Begun is the answer that broke off, of which status and header are there; nil when none
// had begun.
func Begun(err error) *http.Response {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.answer
	}
	return nil
}

// CutShort is the Failure of an answer whose document just ends, when nothing but the end
// of the connection said where the answer ends: then it broke off, although no error
// showed. It is nil for every other answer that could not be parsed.
func CutShort(answer *http.Response, parsing error) error {
	stated := answer.ContentLength >= 0 || len(answer.TransferEncoding) > 0
	if parsing == nil || stated || !strings.Contains(parsing.Error(), "unexpected E") && !strings.Contains(parsing.Error(), "unexpected end") {
		return nil
	}
	return &Failure{at: inBody, answer: answer, cause: io.ErrUnexpectedEOF}
}

// Service is a server as messages name it, and the codes of requests that it did not
// answer, or answered with something that is not one of its answers.
type Service struct {
	Name                  string
	Unreachable, Response fault.Code
}

// Unanswered makes a fault of the error of a request that brought no whole answer. The
// reason and the remedy depend on what happened to the connection; neither holds the text
// of an error, which may quote anything. The fault says whether another try may help.
func (s Service) Unanswered(err error, host string) *fault.Fault {
	f := Failure{cause: err, at: waiting}
	if known, ok := errors.AsType[*Failure](err); ok {
		f = *known
	}
	f.host = host
	d := f.diagnose()
	made := &fault.Fault{Code: s.Unreachable, Why: d.why, Remedy: d.remedy, Cause: err}
	switch at := s.Name + " at " + host; d.outcome {
	case unverified:
		made.Summary = "the certificate of " + at + " was not accepted"
	case silent:
		made.Summary = at + " did not answer in time"
	case broken:
		made.Summary = "the connection to " + at + " broke off"
	case unusable:
		made.Code, made.Summary = s.Response, "the answer of "+host+" is not one of "+s.Name
	default:
		made.Summary = s.Name + " could not be reached at " + host
	}
	if !d.permanent {
		made.Retry = fault.Soon
	}
	return made
}

// outcome is what a failed request is called.
type outcome int

const (
	unreachable outcome = iota
	unverified
	silent
	broken
	unusable
)

// diagnosis is what is said of a failed request.
type diagnosis struct {
	outcome   outcome
	why       string
	remedy    []string
	permanent bool
}

// diagnose looks for the cause, the most exact first.
func (f *Failure) diagnose() diagnosis {
	for _, look := range []func() (diagnosis, bool){f.policy, f.canceled, f.proxy, f.name, f.verification, f.handshake, f.time, f.system, f.end} {
		if d, found := look(); found {
			return d
		}
	}
	return diagnosis{
		outcome: f.brokenOr(unreachable), why: "what came back is not HTTP, or the connection failed in an unknown way " + f.when() + ".",
		remedy: append(again[:1:1], inPlace(f.host)...),
	}
}

func (f *Failure) policy() (diagnosis, bool) {
	switch {
	case errors.Is(f.cause, ErrPlainHTTP):
		return diagnosis{why: "the URL is not https, and plain http is used on loopback only.", permanent: true}, true
	case errors.Is(f.cause, ErrBodyTooLarge):
		return diagnosis{outcome: unusable, why: "it is larger than 1 MiB.", permanent: true, remedy: inPlace(f.host)}, true
	case strings.Contains(f.cause.Error(), headerTooLarge):
		return diagnosis{outcome: unusable, why: "its header is larger than 256 KiB.", permanent: true, remedy: inPlace(f.host)}, true
	}
	return diagnosis{}, false
}

// headerTooLarge is how net/http says that an answer's header passes maxHeader.
const headerTooLarge = "server response headers exceeded"

func inPlace(host string) []string {
	return []string{"Check that no proxy or gateway answers in place of " + host + "."}
}

func (f *Failure) canceled() (diagnosis, bool) {
	return diagnosis{outcome: f.brokenOr(unreachable), why: "the request was canceled.", remedy: again}, errors.Is(f.cause, context.Canceled)
}

// again is the remedy for what passes.
var again = []string{"Re-run the job."}

// proxy looks at what the proxy said, and at the way to it.
func (f *Failure) proxy() (diagnosis, bool) {
	if refused, ok := errors.AsType[*proxyRefusal](f.cause); ok {
		return diagnosis{why: refused.Error(), remedy: refused.remedy(), permanent: refused.permanent()}, true
	}
	op, ok := errors.AsType[*net.OpError](f.cause)
	if !ok || op.Op != "proxyconnect" {
		return diagnosis{}, false
	}
	d := (&Failure{host: "the proxy", at: connecting, cause: op.Err, authorities: f.authorities, known: f.known}).diagnose()
	what := "the proxy could not be used: "
	d.remedy = []string{"Check the agent's proxy settings (./config.sh --proxyurl …) or HTTPS_PROXY, and that the agent reaches the proxy."}
	if d.outcome == unverified {
		what = "the proxy's certificate was not accepted: "
		d.remedy = append(d.remedy, "Give the agent the CA bundle of the proxy (./config.sh --sslcacert …).")
	}
	d.why, d.outcome = what+d.why, unreachable
	return d, true
}

func (f *Failure) name() (diagnosis, bool) {
	dns, ok := errors.AsType[*net.DNSError](f.cause)
	if !ok {
		return diagnosis{}, false
	}
	d := diagnosis{
		why: "the name " + f.known.Quote(dns.Name) + " could not be resolved.", permanent: dns.IsNotFound,
		remedy: []string{"Check the agent's DNS for the name above.", "Configure the agent's proxy (./config.sh --proxyurl …) where only a proxy leads out of the network."},
	}
	if dns.IsTimeout {
		d.why = "the DNS server did not answer when it was asked for " + f.known.Quote(dns.Name) + "."
	}
	return d, true
}

// certificate reports whether the other side's certificate was not accepted, for a
// reason that further authorities could remove.
func (f *Failure) certificate() bool {
	_, unverified := errors.AsType[*tls.CertificateVerificationError](f.cause)
	_, otherName := errors.AsType[x509.HostnameError](f.cause)
	return unverified && !otherName
}

func (f *Failure) time() (diagnosis, bool) {
	late := errors.Is(f.cause, context.DeadlineExceeded) || errors.Is(f.cause, os.ErrDeadlineExceeded) || errno.TimedOut.Has(f.cause)
	if t, ok := errors.AsType[net.Error](f.cause); ok && t.Timeout() {
		late = true
	}
	switch {
	case !late:
		return diagnosis{}, false
	case f.at == connecting:
		return diagnosis{why: "no connection could be made in time.", remedy: []string{
			"Open the firewall between the agent and " + f.host + ", port 443 unless another is named.",
			"Configure the agent's proxy (./config.sh --proxyurl …) where only a proxy leads out of the network.",
		}}, true
	}
	return diagnosis{outcome: silent, why: f.lateness(), remedy: []string{
		"Re-run the job; the connection was there, so the service or a proxy before it was slow.",
		"If it keeps happening, check for a proxy or firewall that holds back what it inspects.",
	}}, true
}

func (f *Failure) lateness() string {
	if f.answer != nil {
		return "the answer (status " + strconv.Itoa(f.answer.StatusCode) + ") began and was not complete in time."
	}
	return "the request was sent, and no answer came in time."
}

// system looks at the error of the operating system.
func (f *Failure) system() (diagnosis, bool) {
	for _, s := range []struct {
		class errno.Class
		diagnosis
	}{
		{errno.Refused, diagnosis{why: "the connection was refused.", remedy: []string{
			"Check that the name above leads to the right machine (DNS, hosts file, VPC endpoint), and that no firewall answers in its place.",
			"Configure the agent's proxy (./config.sh --proxyurl …) where only a proxy leads out of the network.",
		}}},
		{errno.Reset, f.cut("reset")},
		{errno.Unrouted, diagnosis{why: "there is no route to it.", remedy: []string{
			"Check the agent's network (routes, NAT, IPv6), and its proxy settings where only a proxy leads out.",
		}}},
		{errno.Forbidden, diagnosis{why: "this machine does not allow the connection.", remedy: []string{
			"Allow the agent's user to connect to the host named above (local firewall, security software, sandbox).",
		}}},
		{errno.NoDescriptors, diagnosis{why: "this machine has no free file or socket left.", remedy: []string{
			"Raise the limit of open files of the agent, or run fewer processes on it.",
		}}},
	} {
		if s.class.Has(f.cause) {
			return s.diagnosis, true
		}
	}
	return diagnosis{}, false
}

// end looks for a connection that the other side closed.
func (f *Failure) end() (diagnosis, bool) {
	closed := errors.Is(f.cause, io.EOF) || errors.Is(f.cause, io.ErrUnexpectedEOF) || errors.Is(f.cause, net.ErrClosed) ||
		strings.Contains(f.cause.Error(), "EOF") || strings.Contains(f.cause.Error(), "server closed idle connection")
	return f.cut("closed"), closed
}

func (f *Failure) cut(how string) diagnosis {
	return diagnosis{outcome: f.brokenOr(unreachable), why: "the connection was " + how + " " + f.when() + ".", remedy: []string{
		"Re-run the job.", "If it keeps happening, look for a proxy, firewall or load balancer between the agent and " + f.host + " that cuts connections.",
	}}
}

// brokenOr tells a connection that broke off from one that never was.
func (f *Failure) brokenOr(otherwise outcome) outcome {
	if f.at == connecting {
		return otherwise
	}
	return broken
}

// when says how far the request had come.
func (f *Failure) when() string {
	switch f.at {
	case connecting:
		return "while it was being set up"
	case sending:
		return "while the request was being sent"
	case waiting:
		return "before an answer came"
	case inHeader:
		return "in the header of the answer"
	default:
		return "in the middle of the answer (status " + strconv.Itoa(f.answer.StatusCode) + ")"
	}
}
