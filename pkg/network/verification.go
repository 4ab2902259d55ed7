package network

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

// verification says why a certificate was not accepted.
func (f *Failure) verification() (diagnosis, bool) {
	failed, ok := errors.AsType[*tls.CertificateVerificationError](f.cause)
	if !ok {
		return diagnosis{}, false
	}
	d := diagnosis{outcome: unverified, permanent: true}
	var leaf *x509.Certificate
	if len(failed.UnverifiedCertificates) > 0 {
		leaf = failed.UnverifiedCertificates[0]
	}
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](failed.Err)
	_, otherName := errors.AsType[x509.HostnameError](failed.Err)
	_, untrusted := errors.AsType[x509.UnknownAuthorityError](failed.Err)
	switch {
	case otherName && leaf != nil:
		d.why, d.remedy = "it is valid for "+f.names(leaf)+", not for "+f.host+".", wrongMachine(f.host)
	case otherName:
		d.why, d.remedy = "it is not valid for "+f.host+".", wrongMachine(f.host)
	case isInvalid && invalid.Reason == x509.Expired:
		d.why, d.remedy = "it is not valid now: "+validity(invalid.Cert)+".", []string{
			"Set the clock of the agent's machine (NTP).",
			"If the clock is right, have the certificate renewed by whoever runs the server or the proxy that opens TLS.",
		}
	case untrusted:
		d.why, d.remedy = f.unknownAuthority(leaf), f.trustRemedy()
	default:
		d.why, d.remedy = "it does not satisfy the rules for certificates of servers.", f.trustRemedy()
	}
	return d, true
}

func wrongMachine(host string) []string {
	return []string{
		"Check that " + host + " leads to the right machine (DNS, hosts file, stsEndpoint).",
		"Check that no proxy or sign-in page of the network answers in its place.",
	}
}

// names are the first few that a certificate is valid for.
func (f *Failure) names(leaf *x509.Certificate) string {
	const shown = 3
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	if len(names) > shown {
		names = append(names[:shown:shown], "others")
	}
	return f.known.Quote(strings.Join(names, ", "))
}

func validity(c *x509.Certificate) string {
	return "from " + c.NotBefore.UTC().Format(time.RFC3339) + " to " + c.NotAfter.UTC().Format(time.RFC3339)
}

// unknownAuthority names who issued the certificate: in a company that is the proxy which
// opens TLS.
func (f *Failure) unknownAuthority(leaf *x509.Certificate) string {
	text := "it was issued by an authority that is not trusted here"
	if leaf != nil {
		text = "it was issued by " + f.known.Quote(leaf.Issuer.String()) + ", which is not trusted here"
	}
	if f.authorities != nil && f.authorities.none {
		return text + ": this machine has no certificate authorities at all."
	}
	return text + "."
}

func (f *Failure) trustRemedy() []string {
	if f.authorities != nil && f.authorities.none {
		return []string{"Install ca-certificates in the image that the job runs in (apt-get install ca-certificates, apk add ca-certificates, dnf install ca-certificates)."}
	}
	return []string{
		"Give the agent the CA bundle of the proxy or gateway that opens TLS (./config.sh --sslcacert …).",
		"Check that no sign-in page of the network answers in place of " + f.host + ".",
	}
}

// lasting are the alerts by which a server says what will be the same the next time
// (RFC 8446 §6, as crypto/tls spells them).
var lasting = []string{
	"handshake failure", "protocol version not supported", "insufficient security level", "unrecognized name", "no application protocol",
	"certificate required", "bad certificate", "unknown certificate authority", "access denied",
}

// handshake looks for what went wrong in TLS itself.
func (f *Failure) handshake() (diagnosis, bool) {
	op, isOp := errors.AsType[*net.OpError](f.cause)
	_, notTLS := errors.AsType[tls.RecordHeaderError](f.cause)
	switch {
	case notTLS && f.at == connecting:
		return diagnosis{why: "what answers there does not speak TLS.", permanent: true, remedy: []string{
			"Check the port, the proxy settings and that no sign-in page of the network answers in place of " + f.host + ".",
		}}, true
	case isOp && op.Op == "remote error":
		text := strings.TrimPrefix(op.Err.Error(), "tls: ") // one of crypto/tls's own texts
		d := f.cut("ended by a TLS alert of the other side (" + text + ")")
		if d.permanent = slices.Contains(lasting, text); d.permanent {
			d.remedy = []string{"Check which proxy, firewall or gateway ends TLS for " + f.host + ": the task offers TLS 1.2 and 1.3 without a client certificate."}
		}
		return d, true
	case isOp && op.Op == "local error", notTLS, f.at == connecting && strings.HasPrefix(f.cause.Error(), "tls: "):
		return f.cut("ended because the other side broke the rules of TLS"), true
	}
	return diagnosis{}, false
}
