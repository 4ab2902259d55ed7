package sandbox

import (
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// serveProxy is an HTTP proxy that only tunnels: CONNECT to a known host name on
// port 443 ends at the TLS listener. Loopback must never come here.
func (s *Sandbox) serveProxy(w http.ResponseWriter, r *http.Request) {
	req := s.record(LegProxy, r)
	s.before(LegProxy, r)
	status := s.proxyStatus(r)
	if f := s.faults.pickForHost(hostname(r.Host)); f != nil {
		s.rec.update(func() { req.Fault = f.text })
		if d := f.duration("delay", 0); d > 0 && !wait(r.Context(), d) {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		if f.has("reset") {
			reset(w)
			return
		}
		if f.has("malformed") {
			malformed(w, r)
			return
		}
		if phase, way, ok := strings.Cut(f.items["break"], "-"); ok {
			breakAnswer(w, respond(http.StatusOK, "", nil), phase, way)
			return
		}
		status = f.number("status", status)
	}
	s.rec.update(func() { req.Status = status })
	if status != http.StatusOK {
		if status == http.StatusProxyAuthRequired {
			w.Header().Set("Proxy-Authenticate", `Basic realm="sandbox"`)
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	s.tunnel(w)
}

// malformed answers with what is no answer, and echoes all that was sent.
func malformed(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 200"+r.Host+" ")
	for name, values := range r.Header {
		_, _ = io.WriteString(conn, name+" "+strings.Join(values, " ")+" ")
	}
	_, _ = io.WriteString(conn, "\r\n\r\n")
}

func (s *Sandbox) proxyStatus(r *http.Request) int {
	host := hostname(r.Host)
	if r.Method != http.MethodConnect {
		s.rec.violation("proxy: %s for host %s instead of CONNECT", r.Method, host)
		return http.StatusMethodNotAllowed
	}
	if r.Header.Get("Authorization") != "" {
		s.rec.violation("proxy: CONNECT to %s carries Authorization", host)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		s.rec.violation("proxy: loopback host %s was asked for through the proxy", host)
		return http.StatusForbidden
	}
	if !s.proxyAuthorised(r) {
		return http.StatusProxyAuthRequired
	}
	if !known(host) || !strings.HasSuffix(r.Host, ":443") {
		return http.StatusBadGateway
	}
	return http.StatusOK
}

func (s *Sandbox) proxyAuthorised(r *http.Request) bool {
	p := s.cfg.Proxy
	if p.Username == "" && p.Password == "" {
		return true
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.Username+":"+p.Password))
	return r.Header.Get("Proxy-Authorization") == want
}

// tunnel joins the client's connection and the TLS listener until either ends.
func (s *Sandbox) tunnel(w http.ResponseWriter) {
	target, err := net.Dial("tcp", s.TLSAddress)
	if err != nil {
		http.Error(w, "no listener", http.StatusBadGateway)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = target.Close()
		return
	}
	half := time.Duration(s.cfg.RoundTripMillis) * time.Millisecond / 2
	<-time.After(2 * half)
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		carry(target, buffered, half)
		_ = target.(*net.TCPConn).CloseWrite()
	}()
	carry(client, target, half)
	_, _ = client.Close(), target.Close()
}

// parcel is data on its way, with the time at which it arrives.
type parcel struct {
	data []byte
	due  time.Time
}

// carry copies until an end, and lets everything arrive late by the same time.
func carry(to io.Writer, from io.Reader, late time.Duration) {
	if late == 0 {
		_, _ = io.Copy(to, from) // either end may go at any time
		return
	}
	way := make(chan parcel, 1024)
	go func() {
		defer close(way)
		for {
			buffer := make([]byte, 16<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				way <- parcel{buffer[:n], time.Now().Add(late)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range way {
		<-time.After(time.Until(p.due))
		_, _ = to.Write(p.data)
	}
}

// serveMetadata stands where a cloud's instance metadata and container
// credentials would be. No client may come here: it means that it falls back to
// credentials that lie around.
func (s *Sandbox) serveMetadata(w http.ResponseWriter, r *http.Request) {
	req := s.record(LegMetadata, r)
	s.rec.update(func() { req.Status = http.StatusNotFound })
	s.rec.violation("metadata: %s %s was asked for", r.Method, r.URL.Path)
	http.NotFound(w, r)
}
