package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault makes a leg misbehave. It is written `leg:item,item…`, for example
// `sts:status=503,times=2` or `ado:planSecurity,times=2`. Items:
//
//	status=N          answer with that status and an error body of the service
//	code=S message=S  code (STS), typeKey (Azure DevOps) or AADSTS number (Entra) and text of that body
//	retryAfter=N|date:N  a Retry-After header: seconds, or the date so many seconds ahead
//	planSecurity      TaskOrchestrationPlanSecurityException with the given status (500)
//	noReference       the body about a missing explicit reference, with the given status (404)
//	html redirect[=URL]  a sign-in page (status 203), a 302 to it or to URL
//	empty null        an empty token, a null token (an empty body from STS)
//	half              an answer without some of its fields
//	truncated huge[=BYTES] type=S  a cut document, an endless one, another content type
//	inject            an error message full of logging commands
//	wrongAccount wrongRole  another account or role in the returned ARN
//	delay=D           wait first; the client may leave
//	reset cut         TCP reset instead of an answer; a close in the middle of one
//	break=PHASE-WAY   break the connection: at connect (TLS only), when the request is taken,
//	                  in the header or in the body of the answer; WAY is reset, close, half,
//	                  notify, alert, internal, garbage or silence
//	cert=unknown|name|expired  a certificate of a stranger, for another name, expired (TLS only)
//	echo=whole|cut|spaced|wrapped  an error whose message holds the secret that was sent
//	bigHeader=BYTES   a header so large
//	untilClosed       no length: the answer ends where the connection does
//	drip[=D]          one byte each D (100 ms)
//	skew=D            a Date header off by D
//	times=N skip=N    only N times, after N good answers
//	action=S          only for this STS action
//
// The proxy, as leg proxy, knows status, delay, reset, malformed (an answer that is none
// and holds all that was sent), break, times and skip; for=LEG limits it to connections
// to that leg's hosts.
type Fault struct {
	Leg   string
	text  string
	items map[string]string
	times int
	skip  int
}

var faultItems = map[string]bool{ // value: whether the item needs a value
	"status": true, "code": true, "message": true, "retryAfter": true, "planSecurity": false, "noReference": false,
	"html": false, "redirect": false, "empty": false, "null": false, "half": false, "truncated": false,
	"huge": false, "type": true, "inject": false, "wrongAccount": false, "wrongRole": false, "delay": true,
	"reset": false, "cut": false, "drip": false, "skew": true, "times": true, "skip": true, "action": true,
	"break": true, "cert": true, "echo": true, "bigHeader": true, "untilClosed": false, "malformed": false, "for": true,
}

// ParseFault reads a fault as Fault documents it.
func ParseFault(text string) (*Fault, error) {
	leg, rest, ok := strings.Cut(text, ":")
	if !ok || !slices.Contains([]string{LegADO, LegEntra, LegSTS, LegProxy}, leg) {
		return nil, fmt.Errorf("fault %q begins with none of the legs ado, entra, sts, proxy", text)
	}
	f := &Fault{Leg: leg, text: text, items: map[string]string{}}
	for item := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(item, "=")
		needs, known := faultItems[name]
		if !known || needs && value == "" {
			return nil, fmt.Errorf("fault %q: %q is not an item or lacks its value", text, item)
		}
		f.items[name] = value
	}
	if err := f.numbers(); err != nil {
		return nil, err
	}
	return f, f.checkBreak()
}

// numbers checks the items that are numbers or durations.
func (f *Fault) numbers() error {
	for _, name := range []string{"status", "times", "skip", "huge", "bigHeader"} {
		if v := f.items[name]; v != "" {
			if n, err := strconv.Atoi(v); err != nil || n < 0 {
				return fmt.Errorf("fault %q: %s is not a number", f.text, name)
			}
		}
	}
	for _, name := range []string{"delay", "drip", "skew"} {
		if v := f.items[name]; v != "" {
			if _, err := time.ParseDuration(v); err != nil {
				return fmt.Errorf("fault %q: %s is not a duration such as 2s", f.text, name)
			}
		}
	}
	f.times, f.skip = f.number("times", -1), f.number("skip", 0)
	return nil
}

func (f *Fault) has(name string) bool { _, ok := f.items[name]; return ok }

func (f *Fault) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(f.items[name]); err == nil {
		return n
	}
	return otherwise
}

func (f *Fault) duration(name string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(f.items[name]); err == nil {
		return d
	}
	return otherwise
}

// retryAfter is the value of the Retry-After header, empty for none.
func (f *Fault) retryAfter(now time.Time) string {
	seconds, isDate := strings.CutPrefix(f.items["retryAfter"], "date:")
	if !isDate {
		return seconds
	}
	n, _ := strconv.Atoi(seconds) // not a number: now
	return now.Add(time.Duration(n) * time.Second).UTC().Format(http.TimeFormat)
}

type faultSet struct {
	mu   sync.Mutex
	list []*Fault
	// shown gets a fault as it begins to show, when somebody listens.
	shown chan string
}

// Shown tells of the faults as they begin to show, by their texts. Faults that nobody
// reads are not kept.
func (s *Sandbox) Shown() <-chan string {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.shown == nil {
		s.faults.shown = make(chan string, 1)
	}
	return s.faults.shown
}

// SetFaults replaces the faults in force; none means that everything works.
func (s *Sandbox) SetFaults(texts ...string) error {
	var list []*Fault
	for _, text := range texts {
		f, err := ParseFault(text)
		if err != nil {
			return err
		}
		list = append(list, f)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = list
	return nil
}

// pick takes the first fault that is due for a request, or nil.
func (set *faultSet) pick(leg, action string) *Fault {
	return set.due(func(f *Fault) bool {
		return f.Leg == leg && !f.atConnect() && (!f.has("action") || f.items["action"] == action)
	})
}

// pickAtConnect takes the first fault that is due for a connection, or nil.
func (set *faultSet) pickAtConnect(leg string) *Fault {
	return set.due(func(f *Fault) bool { return f.Leg == leg && f.atConnect() })
}

// pickForHost takes the first fault of the proxy that is due for a connection to a host.
func (set *faultSet) pickForHost(host string) *Fault {
	return set.due(func(f *Fault) bool { return f.Leg == LegProxy && (!f.has("for") || f.items["for"] == legOf(host)) })
}

func (set *faultSet) due(matches func(*Fault) bool) *Fault {
	set.mu.Lock()
	defer set.mu.Unlock()
	for _, f := range set.list {
		if f.times == 0 || !matches(f) {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.times > 0 {
			f.times--
		}
		select {
		case set.shown <- f.text:
		default:
		}
		return f
	}
	return nil
}
