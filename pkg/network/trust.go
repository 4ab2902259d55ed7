package network

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// Trust decides which URLs may be shown the job's access token. Its root is the
// system connection: any step can overwrite a variable, none can overwrite an
// endpoint (microsoft/azure-pipelines-agent src/Agent.Worker/Handlers/NodeHandler.cs
// writes endpoints after variables).
type Trust struct {
	system *url.URL
	org    string // lower case; empty when the system host is not of a known family
}

// NewTrust reads the URL of the system connection. The fault is AAR-HOST-UNTRUSTED.
func NewTrust(systemURL string) (Trust, error) {
	u, err := url.Parse(systemURL)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return Trust{}, untrustedSystem("its URL cannot be read")
	}
	if allowed(u) != nil {
		return Trust{}, untrustedSystem("its URL is not https")
	}
	return Trust{system: u, org: organisation(u)}, nil
}

// Check parses the URL that a variable holds and refuses it unless it is the
// system connection's host, or another host of the same organisation. The fault
// is AAR-HOST-UNTRUSTED; it names the host, never the rest of the URL.
func (t Trust) Check(variable, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return nil, untrusted(variable, "it is not a URL")
	}
	if u.User != nil || u.Fragment != "" || climbs(u) {
		return nil, untrusted(variable, "its URL contains user info, a fragment, or a path with \"..\", \"//\", a backslash or an encoded slash")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname()) || !IsLoopback(t.system.Hostname())) {
		return nil, untrusted(variable, fmt.Sprintf("its URL, at host %s, is not https", u.Host))
	}
	if !t.sameHost(u) && !t.sameOrganisation(u) {
		return nil, untrusted(variable, fmt.Sprintf("it points to %s, but this job belongs to %s", place(u), place(t.system)))
	}
	return u, nil
}

// untrustedSystem speaks of the system connection, which no step and no variable can
// overwrite.
func untrustedSystem(why string) error {
	f := untrusted("the system connection", why)
	f.Remedy = []string{"Configure the agent with the https URL of the organisation (./config.sh --url …), and run the job again."}
	return f
}

func untrusted(what, why string) *fault.Fault {
	return &fault.Fault{
		Code: fault.HostUntrusted, Summary: "the job's access token is not sent to the host that " + what + " names",
		Why: why + "; the token was not sent anywhere.",
	}
}

// climbs tells whether a path could leave the segment that it begins with.
func climbs(u *url.URL) bool {
	escaped := strings.ToLower(u.EscapedPath())
	return strings.Contains(u.Path, "/..") || strings.Contains(u.Path, "//") || strings.Contains(u.Path, `\`) ||
		strings.Contains(escaped, "%2f") || strings.Contains(escaped, "%5c")
}

func (t Trust) sameHost(u *url.URL) bool {
	return u.Scheme == t.system.Scheme && strings.EqualFold(hostPort(u), hostPort(t.system)) && organisation(u) == t.org
}

func (t Trust) sameOrganisation(u *url.URL) bool {
	return t.org != "" && u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && organisation(u) == t.org
}

// organisation is the organisation that a URL of Azure DevOps Services belongs to,
// in lower case: the first path segment at the shared hosts, the first label at
// the old ones. It is empty for other hosts.
func organisation(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if host == "dev.azure.com" || host == "vsrm.dev.azure.com" {
		first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		return strings.ToLower(first)
	}
	org, ok := strings.CutSuffix(host, ".visualstudio.com")
	if !ok {
		return ""
	}
	org = strings.TrimSuffix(org, ".vsrm")
	if strings.Contains(org, ".") {
		return ""
	}
	return org
}

// place names a host, and the organisation where a host has many.
func place(u *url.URL) string {
	if org := organisation(u); org != "" {
		return u.Host + " (organisation " + org + ")"
	}
	return u.Host
}
