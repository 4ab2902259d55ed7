package entra

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// meaning is what an AADSTS code says about the set-up
// (learn.microsoft.com/entra/identity-platform/reference-error-codes).
type meaning struct {
	code    fault.Code
	summary string
}

var meanings = map[int]meaning{
	700211: {fault.EntraIssuer, "Entra has no federated credential with the issuer of the pipeline's token"},
	700213: {fault.EntraSubject, "Entra has no federated credential with the subject of the pipeline's token"},
	700214: {fault.EntraAudience, "Entra has no federated credential with the audience of the pipeline's token"},
	700212: {fault.EntraAudience, "Entra has no federated credential with the audience of the pipeline's token"},
	700024: {fault.EntraAssertionExpired, "Entra found the pipeline's token outside its time of validity"},
	70021:  {fault.EntraNoCredential, "Entra has no federated credential that matches the pipeline's token"},
	70052:  {fault.EntraMultiTenant, "Entra refuses the connection's application because it is multi-tenant"},
	700223: {fault.EntraMultiTenant, "Entra refuses the connection's application because of its tenancy"},
	700238: {fault.EntraMultiTenant, "Entra refuses the connection's application because of its tenancy"},
	500011: {fault.EntraResource, "Entra knows no application with the requested audience in this tenant"},
	501051: {fault.EntraResource, "Entra allows only assigned identities to get a token for this audience"},
	700016: {fault.EntraClient, "Entra knows no application with the connection's client id in this tenant"},
	700038: {fault.EntraClient, "the connection's client id is a placeholder"},
	90002:  {fault.EntraClient, "Entra knows no tenant with the connection's tenant id"},
}

var aadsts = pattern.Lazy(`AADSTS([0-9]{4,9})`)

// codes are the AADSTS numbers of an error, of its list first.
func (a tokenAnswer) codes() []int {
	codes := slices.Clone(a.Codes)
	for _, m := range aadsts().FindAllStringSubmatch(a.Description, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil {
			codes = append(codes, n)
		}
	}
	return codes
}

func temporary(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}

// refusal turns an error of Entra into a fault, and says whether the request may
// be repeated.
func (x Exchanger) refusal(answer *http.Response, a tokenAnswer) error {
	f := &fault.Fault{Code: fault.EntraRejected, Summary: "Microsoft Entra rejected the exchange", Details: x.details(answer, a)}
	switch {
	case a.Description != "" && answer.StatusCode < 300:
		f.Why = "the answer has the status " + strconv.Itoa(answer.StatusCode) + ", so its message could hold a token and is not shown."
	case a.Description != "":
		f.Why = "Entra says: " + x.Known.Quote(a.Description)
	}
	for _, n := range a.codes() {
		if m, known := meanings[n]; known {
			f.Code, f.Summary = m.code, m.summary
			return f
		}
	}
	switch {
	case answer.StatusCode == http.StatusTooManyRequests:
		f.Code, f.Summary = fault.EntraThrottled, "Microsoft Entra throttles token requests"
	case temporary(answer.StatusCode) || a.Error == "temporarily_unavailable":
		f.Code, f.Summary = fault.EntraUnavailable, "Microsoft Entra could not issue a token"
	case !strings.Contains(f.Why, "AADSTS"):
		f.Remedy = []string{"Re-run the job; give the ids in the error to Microsoft support if it keeps happening."}
		return f
	default:
		return f
	}
	f.Retry, f.After = fault.Soon, network.RetryAfter(answer.Header.Get("Retry-After"), x.Now())
	return f
}

func (x Exchanger) details(answer *http.Response, a tokenAnswer) []string {
	d := []string{"HTTP status: " + strconv.Itoa(answer.StatusCode)}
	if a.CorrelationID != "" {
		d = append(d, "correlation id: "+x.Known.Quote(a.CorrelationID))
	}
	if a.TraceID != "" {
		d = append(d, "trace id: "+x.Known.Quote(a.TraceID))
	}
	for _, name := range []string{"Retry-After", "x-ms-request-id"} {
		if v := answer.Header.Get(name); v != "" {
			d = append(d, name+": "+x.Known.Quote(v))
		}
	}
	return d
}
