package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// The legs that are recorded, and that faults can be switched on for (the first three).
const (
	LegADO      = "ado"
	LegEntra    = "entra"
	LegSTS      = "sts"
	LegProxy    = "proxy"
	LegMetadata = "metadata"
)

// Request is what a stand-in keeps of a request: nothing secret.
type Request struct {
	At time.Time
	// Opened is when its connection was accepted, by the real clock: earlier than
	// the answer of another leg when a client connects ahead.
	Opened time.Time
	Leg    string
	Method string
	Host   string
	Path   string
	// Query holds the query keys, sorted; ConnectionID the value of
	// serviceConnectionId, the only value that is kept.
	Query        []string
	ConnectionID string
	// Header holds User-Agent, Accept, Content-Type and X-TFS-FedAuthRedirect.
	Header map[string]string
	// Action is the STS action, and Parameters its plain parameters: those that
	// are neither a token nor a policy.
	Action     string
	Parameters map[string]string
	// SigningRegion is the region in a request's signature.
	SigningRegion string
	// Fault is the fault that answered, as written; Status what was answered.
	Fault  string
	Status int
}

// recorder collects requests and violations of all stand-ins.
type recorder struct {
	mu         sync.Mutex
	requests   []*Request
	violations []string
}

func (r *recorder) violation(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.violations = append(r.violations, fmt.Sprintf(format, args...))
}

func (r *recorder) add(req *Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, req)
}

func (r *recorder) update(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// Violations lists what clients did that they must not do, in order. It is empty
// for a well-behaved client.
func (s *Sandbox) Violations() []string {
	s.rec.mu.Lock()
	defer s.rec.mu.Unlock()
	return slices.Clone(s.rec.violations)
}

// Requests lists the requests of a leg in order of arrival; an empty leg lists all.
func (s *Sandbox) Requests(leg string) []Request {
	s.rec.mu.Lock()
	defer s.rec.mu.Unlock()
	var list []Request
	for _, req := range s.rec.requests {
		if leg == "" || req.Leg == leg {
			list = append(list, *req)
		}
	}
	return list
}

// Reset forgets the recorded requests and violations, and leaves faults alone.
func (s *Sandbox) Reset() {
	s.rec.mu.Lock()
	defer s.rec.mu.Unlock()
	s.rec.requests, s.rec.violations = nil, nil
}

var keptHeaders = []string{"User-Agent", "Accept", "Content-Type", "X-Tfs-Fedauthredirect"}

func (s *Sandbox) record(leg string, r *http.Request) *Request {
	query := r.URL.Query()
	req := &Request{
		At: s.now(), Leg: leg, Method: r.Method, Host: r.Host, Path: r.URL.Path,
		Query: slices.Sorted(maps.Keys(query)), ConnectionID: query.Get("serviceConnectionId"),
		Header: map[string]string{}, Parameters: map[string]string{},
	}
	req.Opened, _ = r.Context().Value(openedKey{}).(time.Time)
	for _, name := range keptHeaders {
		if v := r.Header.Get(name); v != "" {
			req.Header[name] = v
		}
	}
	s.rec.add(req)
	if s.holdsSecret(r.URL.String()) {
		s.rec.violation("%s: the URL of a %s request holds a token", leg, r.Method)
	}
	return req
}

var tokenShape = regexp.MustCompile(`eyJ[\w-]{10,}\.[\w-]{10,}\.`)

// holdsSecret tells whether text holds the job token or something like a JWT.
func (s *Sandbox) holdsSecret(text string) bool {
	return strings.Contains(text, s.JobToken) || tokenShape.MatchString(text)
}

// awsTools are clients of AWS that a step may bring along. They are not under
// test, so STS does not mind their names.
var awsTools = regexp.MustCompile(`^(aws-cli|Boto3|Botocore|aws-sdk-js|aws-sdk-java)/`)

// requireAgent records a violation when the client under test does not name itself.
func (s *Sandbox) requireAgent(leg string, r *http.Request) {
	agent := r.Header.Get("User-Agent")
	if leg == LegSTS && awsTools.MatchString(agent) {
		return
	}
	if !s.agent.MatchString(agent) {
		s.rec.violation("%s: User-Agent %q does not match %s", leg, agent, s.agent)
	}
	for name := range r.Header {
		if s.cfg.UserAgent == "" && !slices.Contains(headers[leg], name) && !slices.Contains(headers[""], name) {
			s.rec.violation("%s: the request carries the header %s, which nobody asks for", leg, name)
		}
	}
}

// headers are those that a request of a leg may carry; those of the empty leg may be on
// every one.
var headers = map[string][]string{
	"":       {"User-Agent", "Content-Length", "Content-Type"},
	LegADO:   {"Authorization", "Accept", "X-Tfs-Fedauthredirect"},
	LegEntra: {"Accept"},
	LegSTS:   {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"},
}
