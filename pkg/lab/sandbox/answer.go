package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
)

// maxBody bounds what a stand-in reads of a request.
const maxBody = 1 << 20

// redirected is where redirect faults lead. Nobody may follow.
const redirected = "/_sandbox_redirected"

// answer is what a stand-in will send, so that a fault can change it first.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func respond(status int, contentType string, body []byte) *answer {
	a := &answer{status: status, header: http.Header{}, body: body}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

func respondJSON(status int, v any) *answer {
	return respond(status, "application/json; charset=utf-8; api-version=7.1", encode(v))
}

// call is a request in the hands of a stand-in.
type call struct {
	*http.Request
	body []byte
	form url.Values // of a form body; nil for other bodies
	log  *Request
}

// faulty serves a leg: it records the request, lets the stand-in answer, and
// changes the answer when a fault is due.
func (s *Sandbox) faulty(leg string, serve func(*call) *answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			return // the client left
		}
		c := &call{Request: r, body: body, log: s.record(leg, r)}
		if leg != LegADO {
			c.form, _ = url.ParseQuery(string(body)) // what does not parse is missing
		}
		if r.URL.Path == redirected {
			s.rec.violation("%s: a redirect was followed", leg)
		}
		s.before(leg, r)
		f := s.faults.pick(leg, c.form.Get("Action"))
		out := serve(c)
		if f != nil {
			out = s.distort(f, c, out)
		}
		s.rec.update(func() {
			c.log.Status = out.status
			if f != nil {
				c.log.Fault = f.text
			}
		})
		s.deliver(w, c, out, f)
	})
}

func (s *Sandbox) before(leg string, r *http.Request) {
	if s.cfg.Before != nil {
		s.cfg.Before(leg, hostname(r.Host))
	}
}

// deliver sends the answer, in the way that the fault asks for.
func (s *Sandbox) deliver(w http.ResponseWriter, c *call, out *answer, f *Fault) {
	for name, values := range out.header {
		w.Header()[name] = values
	}
	now := s.now()
	if f != nil {
		now = now.Add(f.duration("skew", 0))
	}
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if f != nil && s.misdeliver(w, c, out, f) {
		return
	}
	w.WriteHeader(out.status)
	_, _ = io.Copy(w, bytes.NewReader(out.body)) // the client may have gone
}
