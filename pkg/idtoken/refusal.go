package idtoken

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// patShape matches personal access tokens in their old and new form
// (learn.microsoft.com, Azure DevOps "Use personal access tokens").
var patShape = pattern.Lazy(`^([a-z2-7]{52}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})$`)

// correlation are the ids by which support finds a request, and the wait that
// the service asked for.
func (r Requester) correlation(answer *http.Response) []string {
	details := []string{"HTTP status: " + strconv.Itoa(answer.StatusCode)}
	for _, name := range []string{"Retry-After", "x-vss-e2eid", "x-msedge-ref", "ActivityId"} {
		if v := answer.Header.Get(name); v != "" {
			details = append(details, name+": "+r.Known.Quote(v))
		}
	}
	return details
}

// refusal turns an answer that is not a token into a fault, and says whether the
// request may be repeated. The kind of the exception is looked at before the
// status, which differs between routes.
func (r Requester) refusal(answer *http.Response, a tokenAnswer, readable bool) error {
	f, shown := &fault.Fault{Details: r.correlation(answer)}, false
	switch text := a.text(); {
	case text != "" && answer.StatusCode < 300:
		f.Why = "the answer has the status " + strconv.Itoa(answer.StatusCode) + ", so its message could hold a token and is not shown."
	case text != "":
		f.Why, shown = "Azure DevOps says: "+r.Known.Quote(text), true
	}
	if r.classify(f, answer, a, readable) {
		f.Retry, f.After = fault.Soon, network.RetryAfter(answer.Header.Get("Retry-After"), r.Now())
	}
	if f.Code == fault.OIDCRejected && !shown {
		f.Remedy = []string{"Re-run the job; give the ids in the error to Azure DevOps support if it keeps happening."}
	}
	if f.Why == "" && isHTML(answer) && answer.StatusCode >= 400 {
		f.Why = "the answer has the status " + strconv.Itoa(answer.StatusCode) + " and is an HTML page: a proxy or gateway may have answered in place of Azure DevOps."
	}
	if f.Why == "" {
		f.Why = "the answer has the status " + strconv.Itoa(answer.StatusCode) + " and no message of Azure DevOps."
	}
	return f
}

func (r Requester) classify(f *fault.Fault, answer *http.Response, a tokenAnswer, readable bool) (again bool) {
	set := func(c fault.Code, summary string) { f.Code, f.Summary = c, summary }
	text, status := strings.ToLower(a.text()), answer.StatusCode
	switch {
	case strings.Contains(a.TypeKey, "TaskOrchestrationPlanSecurityException"):
		set(fault.OIDCPlanSecurity, "Azure DevOps refused the job's token for its own plan")
		return true
	case strings.Contains(text, "no explicit reference"):
		set(fault.OIDCNoReference, "the stage has no explicit reference to the service connection")
	case status >= 400 && status < 500 && saysDisabled(text):
		set(fault.OIDCDisabled, "the service connection is disabled")
	case status >= 300 && status < 400, (status == http.StatusOK || status == http.StatusNonAuthoritativeInfo) && isHTML(answer):
		set(fault.OIDCSignIn, "Azure DevOps answered with a sign-in page or redirect instead of a token")
	case status == http.StatusUnauthorized && patShape().MatchString(r.JobToken.Reveal()):
		set(fault.OIDCPersonal, "the job's access token has the form of a personal access token")
	case status == http.StatusUnauthorized:
		set(fault.OIDCUnauthorized, "Azure DevOps did not accept the job's access token")
	case status == http.StatusForbidden:
		set(fault.OIDCForbidden, "Azure DevOps does not allow this job to use the identity")
	case status == http.StatusNotFound:
		set(fault.OIDCNotFound, "Azure DevOps knows no such token endpoint or service connection")
	case status == http.StatusTooManyRequests:
		set(fault.OIDCThrottled, "Azure DevOps throttles token requests")
		return true
	case status == http.StatusRequestTimeout, status >= 500:
		set(fault.OIDCUnavailable, "Azure DevOps could not issue a token")
		return true
	case !readable, status < 300 && a.text() == "" && a.TypeKey == "":
		set(fault.OIDCResponse, "the answer of "+r.Endpoint.Host+" is not the JSON of a token")
	default:
		set(fault.OIDCRejected, "Azure DevOps rejected the token request")
	}
	return false
}

// saysDisabled tells whether a message gives that as the cause, and not as one of
// several that it could have.
func saysDisabled(text string) bool {
	return strings.Contains(text, "disabled") && !strings.Contains(text, "not exist") &&
		(strings.Contains(text, "connection") || strings.Contains(text, "endpoint"))
}

func isHTML(answer *http.Response) bool {
	return strings.Contains(strings.ToLower(answer.Header.Get("Content-Type")), "html")
}
