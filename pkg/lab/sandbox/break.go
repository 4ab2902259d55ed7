package sandbox

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The phases of a request at which a connection can be broken, and the ways to break it.
// A half-closed connection takes data and sends none; notify ends TLS as it should be
// ended and then closes; alert and internal are TLS alerts, handshake_failure (which
// lasts) and internal_error; garbage is what TLS and HTTP do not know; silence says
// nothing more until the client goes.
var (
	breakPhases = []string{"connect", "request", "header", "body"}
	breakWays   = []string{"reset", "close", "half", "notify", "alert", "internal", "garbage", "silence"}
)

// certificates are the ways in which a certificate can be wrong.
var certificates = []string{"unknown", "name", "expired"}

// checkBreak checks the items that break connections.
func (f *Fault) checkBreak() error {
	if v, ok := f.items["break"]; ok {
		phase, way, _ := strings.Cut(v, "-")
		if !slices.Contains(breakPhases, phase) || !slices.Contains(breakWays, way) {
			return fmt.Errorf("fault %q: break is one of the phases %v, a hyphen and one of %v", f.text, breakPhases, breakWays)
		}
	}
	if v, ok := f.items["cert"]; ok && !slices.Contains(certificates, v) {
		return fmt.Errorf("fault %q: cert is one of %v", f.text, certificates)
	}
	return nil
}

// atConnect reports whether a fault shows before the first request of a connection.
func (f *Fault) atConnect() bool {
	return f.has("cert") || strings.HasPrefix(f.items["break"], "connect-")
}

// legOf is the leg of a host name.
func legOf(host string) string {
	switch {
	case entraHost.MatchString(host):
		return LegEntra
	case stsHost.MatchString(host):
		return LegSTS
	}
	return LegADO
}

var errBroken = errors.New("broken by a fault")

// greet is asked by the TLS listener when a client has said hello. It may break the
// connection or choose another certificate.
func (s *Sandbox) greet(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	f := s.faults.pickAtConnect(legOf(strings.ToLower(hello.ServerName)))
	if f == nil {
		return nil, nil
	}
	_, way, broken := strings.Cut(f.items["break"], "-")
	if broken {
		end(hello.Conn, way)
		return nil, errBroken
	}
	cert, err := s.ca.wrong(f.items["cert"], strings.ToLower(hello.ServerName))
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, Certificates: []tls.Certificate{*cert}}, nil
}

// breakAnswer sends an answer as far as the phase says, and ends the connection.
func breakAnswer(w http.ResponseWriter, out *answer, phase, way string) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	status := "HTTP/1.1 " + strconv.Itoa(out.status) + " " + http.StatusText(out.status) + "\r\n"
	switch phase {
	case "header":
		_, _ = io.WriteString(conn, status+"Content-Type: ")
	case "body":
		out.header.Set("Content-Length", strconv.Itoa(len(out.body)+100))
		_, _ = io.WriteString(conn, status)
		_ = out.header.Write(conn)
		_, _ = io.WriteString(conn, "\r\n"+string(out.body[:len(out.body)/2]))
	}
	if way == "silence" {
		_, _ = io.Copy(io.Discard, buffered)
		return
	}
	end(conn, way)
}

// end ends a connection in one of the ways.
func end(conn net.Conn, way string) {
	raw := conn
	if t, ok := conn.(*tls.Conn); ok {
		if way == "notify" {
			_ = t.Close()
			return
		}
		raw = t.NetConn()
	}
	const handshakeFailure, internalError = 40, 80
	switch way {
	case "reset":
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	case "half":
		halfClose(raw)
	case "alert":
		_, _ = raw.Write([]byte{21, 3, 3, 0, 2, 2, handshakeFailure})
		halfClose(raw)
	case "internal":
		_, _ = raw.Write([]byte{21, 3, 3, 0, 2, 2, internalError})
		halfClose(raw)
	case "garbage":
		_, _ = io.WriteString(raw, "220 this is another service\r\n")
		halfClose(raw)
	case "silence":
		_, _ = io.Copy(io.Discard, raw)
	}
	_ = raw.Close()
}

// halfClose sends an end and waits until the client goes.
func halfClose(raw net.Conn) {
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, raw)
}

// untilClosed sends the answer without a length: it ends where the connection does.
func untilClosed(w http.ResponseWriter, out *answer) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 "+strconv.Itoa(out.status)+" "+http.StatusText(out.status)+"\r\n")
	out.header.Set("Connection", "close")
	_ = out.header.Write(conn)
	_, _ = io.WriteString(conn, "\r\n"+string(out.body))
}
