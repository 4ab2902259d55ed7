package network

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

// connectTimeout bounds the making of one connection, and its TLS handshake.
const connectTimeout = 15 * time.Second

// dial connects; localhost is dialled as loopback without asking DNS.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: connectTimeout}
	host, port, err := net.SplitHostPort(address)
	if err != nil || !strings.EqualFold(host, "localhost") {
		return d.DialContext(ctx, network, address)
	}
	conn, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return d.DialContext(ctx, network, net.JoinHostPort("::1", port))
	}
	return conn, nil
}

// IsLoopback reports whether a host is this machine: 127.0.0.0/8, [::1], or the
// name localhost.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Is4() && ip.IsLoopback() || ip == netip.IPv6Loopback())
}
