package network

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// noProxy tells whether a NO_PROXY list names the host of a URL. An entry is "*",
// a host name, which covers the names below it, a name with a leading dot, which
// covers only those, an address, or a CIDR block; any but the last may have a
// port. These are the rules of Go's own net/http (golang.org/x/net/http/httpproxy,
// whose tables of international names would cost more than this program can
// afford in size).
func noProxy(list string, u *url.URL) bool {
	host, port := strings.ToLower(u.Hostname()), portOf(u)
	ip, err := netip.ParseAddr(host)
	isIP := err == nil
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		if entry == "*" {
			return true
		}
		if block, err := netip.ParsePrefix(entry); err == nil {
			if isIP && block.Contains(ip.Unmap()) {
				return true
			}
			continue
		}
		name, wantedPort := splitPort(entry)
		if wantedPort != "" && wantedPort != port {
			continue
		}
		if address, err := netip.ParseAddr(name); err == nil {
			if isIP && address.Unmap() == ip.Unmap() {
				return true
			}
			continue
		}
		if !isIP && covers(name, host) {
			return true
		}
	}
	return false
}

// splitPort parts an entry from its port, if it has one.
func splitPort(entry string) (name, port string) {
	if name, port, err := net.SplitHostPort(entry); err == nil {
		return name, port
	}
	return strings.Trim(entry, "[]"), ""
}

// covers tells whether a name of the list stands for a host.
func covers(name, host string) bool {
	if after, ok := strings.CutPrefix(name, "*."); ok {
		name = "." + after
	}
	if name == "" {
		return false
	}
	if strings.HasPrefix(name, ".") {
		return strings.HasSuffix(host, name)
	}
	return host == name || strings.HasSuffix(host, "."+name)
}
