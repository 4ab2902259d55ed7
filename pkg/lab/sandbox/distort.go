package sandbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// injection is a message that tries to reach the agent as logging commands.
const injection = "refused\n##vso[task.setvariable variable=AWS_ACCESS_KEY_ID]AKIAINJECTED\r\n" +
	"##vso[task.complete result=Succeeded]injected\n##[error]injected %0D%0A##vso[task.logissue type=warning]injected\x1b[31m"

const signInPage = "<!DOCTYPE html><html><head><title>Object moved</title></head>" +
	"<body><h2>Object moved to <a href=\"https://spsprodcus3.vssps.visualstudio.com/_signin\">here</a>.</h2></body></html>"

// distort changes an answer as the fault says.
func (s *Sandbox) distort(f *Fault, c *call, out *answer) *answer {
	switch {
	case f.has("planSecurity"):
		out = vssError(f.number("status", http.StatusInternalServerError), "TaskOrchestrationPlanSecurityException",
			"Access denied: build service does not have write permissions for orchestration plan "+s.cfg.Pipeline.PlanID+".")
	case f.has("noReference"):
		out = noReference(f.number("status", http.StatusNotFound), c.URL.Query().Get("serviceConnectionId"), s.cfg.Pipeline.Stage)
	case f.has("html"):
		out = respond(f.number("status", http.StatusNonAuthoritativeInfo), "text/html; charset=utf-8", []byte(signInPage))
	case f.has("redirect"):
		out = redirectTo(f.items["redirect"], f.number("status", http.StatusFound))
	case f.has("echo"):
		out = failure(f, f.number("status", http.StatusBadRequest), "You sent "+respell(c.secret(), f.items["echo"])+" to us.")
	case f.has("inject"):
		out = failure(f, f.number("status", http.StatusBadRequest), injection)
	case f.has("status"), f.has("code"):
		out = failure(f, f.number("status", http.StatusBadRequest), "The service says no.")
	}
	f.mangle(out)
	if v := f.retryAfter(s.now()); v != "" {
		out.header.Set("Retry-After", v)
	}
	return out
}

func redirectTo(where string, status int) *answer {
	if where == "" {
		where = redirected
	}
	out := respond(status, "text/html; charset=utf-8", []byte(signInPage))
	out.header.Set("Location", where)
	return out
}

// failure is an error in the service's own form.
func failure(f *Fault, status int, message string) *answer {
	if m := f.items["message"]; m != "" {
		message = m
	}
	code := f.items["code"]
	switch f.Leg {
	case LegSTS:
		if code == "" {
			code = stsCodeOf(status)
		}
		return (&stsError{code, status, message}).answer()
	case LegEntra:
		if code == "" {
			code = "90033"
		}
		return aadsts(status, code, message)
	default:
		if code == "" {
			code = "VssServiceException"
		}
		return vssError(status, code, message)
	}
}

func stsCodeOf(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "Throttling"
	case status >= 500:
		return "ServiceUnavailable"
	case status == http.StatusForbidden:
		return "AccessDenied"
	case status == http.StatusRequestTimeout:
		return "RequestTimeout"
	}
	return "ValidationError"
}

var (
	tokenField  = regexp.MustCompile(`("(?:oidcToken|access_token)":)"[^"]*"`)
	tokenOnly   = regexp.MustCompile(`"(?:oidcToken|access_token)":"[^"]*",?`)
	secretParts = regexp.MustCompile(`<(SecretAccessKey|Expiration)>[^<]*</(?:SecretAccessKey|Expiration)>`)
	arnAccount  = regexp.MustCompile(`(<Arn>arn:[\w-]+:sts::)\d{12}`)
	arnRole     = regexp.MustCompile(`(<Arn>arn:[\w-]+:sts::\d{12}:assumed-role/)[^/<]+`)
)

// mangle changes the body of an answer in place.
func (f *Fault) mangle(out *answer) {
	sts := f.Leg == LegSTS
	switch {
	case (f.has("empty") || f.has("null")) && sts:
		out.body = nil
	case f.has("empty"):
		out.body = tokenField.ReplaceAll(out.body, []byte(`$1""`))
	case f.has("null"):
		out.body = tokenField.ReplaceAll(out.body, []byte(`${1}null`))
	case f.has("half") && sts:
		out.body = secretParts.ReplaceAll(out.body, nil)
	case f.has("half"):
		out.body = tokenOnly.ReplaceAll(out.body, nil)
	case f.has("truncated"):
		out.body = out.body[:len(out.body)/2]
	}
	if f.has("wrongAccount") {
		out.body = arnAccount.ReplaceAll(out.body, []byte(`${1}999988887777`))
	}
	if f.has("wrongRole") {
		out.body = arnRole.ReplaceAll(out.body, []byte(`${1}somebody-else`))
	}
	if v := f.items["type"]; v != "" {
		out.header.Set("Content-Type", v)
	}
}

// misdeliver sends the answer in a broken way. It tells whether it did.
func (s *Sandbox) misdeliver(w http.ResponseWriter, c *call, out *answer, f *Fault) bool {
	if d := f.duration("delay", 0); d > 0 && !wait(c.Context(), d) {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	if phase, way, ok := strings.Cut(f.items["break"], "-"); ok {
		breakAnswer(w, out, phase, way)
		return true
	}
	if n := f.number("bigHeader", 0); n > 0 {
		w.Header().Set("X-Large", strings.Repeat("x", n))
	}
	switch {
	case f.has("untilClosed"):
		untilClosed(w, out)
	case f.has("reset"):
		reset(w)
	case f.has("cut"):
		w.Header().Set("Content-Length", strconv.Itoa(len(out.body)+100))
		w.WriteHeader(out.status)
		_, _ = w.Write(out.body[:len(out.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case f.has("huge"):
		w.WriteHeader(out.status)
		flood(w, f.number("huge", 64<<20))
	case f.has("drip"):
		w.WriteHeader(out.status)
		drip(w, c, out.body, f.duration("drip", 100*time.Millisecond))
	default:
		return false
	}
	return true
}

// wait tells whether the client stayed for the time.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reset closes the connection so that the client sees a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	raw := conn
	if t, ok := conn.(*tls.Conn); ok {
		raw = t.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}

func flood(w http.ResponseWriter, size int) {
	if _, err := fmt.Fprint(w, `{"oidcToken":"`); err != nil {
		return
	}
	block := bytes.Repeat([]byte("a"), 1<<16)
	for sent := 0; sent < size; sent += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func drip(w http.ResponseWriter, c *call, body []byte, every time.Duration) {
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil {
			return
		}
		if err := http.NewResponseController(w).Flush(); err != nil || !wait(c.Context(), every) {
			return
		}
	}
}

// secret is what a request proves its sender with.
func (c *call) secret() string {
	for _, name := range []string{"WebIdentityToken", "client_assertion"} {
		if v := c.form.Get(name); v != "" {
			return v
		}
	}
	if v := c.Header.Get("X-Amz-Security-Token"); v != "" {
		return v
	}
	return strings.TrimPrefix(c.Header.Get("Authorization"), "Bearer ")
}

// respell writes a secret as the masker of a log does not know it.
func respell(secret, how string) string {
	switch how {
	case "cut":
		return secret[:min(40, len(secret))]
	case "spaced":
		return strings.Join(strings.Split(secret, ""), " ")
	case "wrapped":
		var b strings.Builder
		for i := 0; i < len(secret); i += 20 {
			b.WriteString(secret[i:min(i+20, len(secret))] + "\n")
		}
		return b.String()
	}
	return secret
}
