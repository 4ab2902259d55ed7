package network

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// phase is how far a request has come.
type phase int32

const (
	connecting phase = iota
	sending          // the connection is there
	waiting          // the request has been written
	inHeader         // the answer has begun
	inBody           // the answer's header has been read
)

// progress follows one request.
type progress struct {
	at     atomic.Int32
	reused atomic.Bool
}

func (p *progress) reach(at phase) { p.at.Store(int32(at)) }

func (p *progress) phase() phase { return phase(p.at.Load()) }

// connected notes that there is a connection, and whether it had been used before.
func (p *progress) connected(reused bool) {
	p.reused.Store(reused)
	p.reach(sending)
}

// watch lets net/http report to p.
func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { p.connected(info.Reused) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil && p.phase() == sending {
				p.reach(waiting)
			}
		},
		GotFirstResponseByte: func() { p.reach(inHeader) },
	})
}
