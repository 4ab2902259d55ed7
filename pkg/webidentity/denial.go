package webidentity

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
)

// rule maps one answer of STS to a fault. Several causes share a code, so the
// message decides where one is given; messages are matched by a fragment, in
// lower case (AWS STS API reference, API_AssumeRoleWithWebIdentity, Errors).
type rule struct {
	code, fragment string
	fault          fault.Code
	summary        string
	retry          fault.Retry
}

var rules = []rule{
	{"InvalidIdentityToken", "no openidconnect provider", fault.STSNoProvider, "the role's account has no identity provider for the token's issuer", fault.Propagation},
	{"InvalidIdentityToken", "incorrect token audience", fault.STSAudience, "the identity provider in AWS does not list the token's client id", fault.Never},
	{"InvalidIdentityToken", "couldn't retrieve verification key", fault.STSKeyRetrieval, "AWS could not fetch the issuer's signing keys", fault.Soon},
	{"InvalidIdentityToken", "thumbprint", fault.STSThumbprint, "AWS does not accept the certificate of the token's issuer", fault.Never},
	{"InvalidIdentityToken", "", fault.STSInvalidToken, "AWS does not accept the token", fault.FreshToken},
	{"ExpiredTokenException", "", fault.STSTokenExpired, "AWS found the token expired", fault.FreshToken},
	{"ExpiredToken", "", fault.STSTokenExpired, "AWS found the token expired", fault.FreshToken},
	{"IDPCommunicationError", "", fault.STSIDPConnection, "AWS could not reach the token's issuer", fault.Soon},
	{"IDPRejectedClaim", "", fault.STSIDPRejected, "the issuer rejected the token", fault.FreshToken},
	{"AccessDenied", "", fault.STSAccessDenied, "AWS does not allow this identity to assume the role", fault.Propagation},
	{"AccessDeniedException", "", fault.STSAccessDenied, "AWS does not allow this identity to assume the role", fault.Propagation},
	{"MalformedPolicyDocument", "", fault.STSPolicy, "AWS does not accept the session policy", fault.Never},
	{"PackedPolicyTooLarge", "tag", fault.STSTags, "AWS finds the session tags too large", fault.Never},
	{"PackedPolicyTooLarge", "", fault.STSPolicy, "AWS finds the session policy too large", fault.Never},
	{"RegionDisabledException", "", fault.STSRegionDisabled, "STS is not active in this region for the account", fault.Never},
	{"ValidationError", "durationseconds", fault.STSDuration, "the role does not allow a session of this length", fault.Never},
	{"ValidationError", "session limit", fault.STSDuration, "AWS does not allow a session of this length", fault.Never},
	{"ValidationError", "", fault.STSValidation, "AWS rejects a value of the request", fault.Never},
	{"Throttling", "", fault.STSThrottled, "AWS throttles STS calls of this account", fault.Soon},
	{"ThrottlingException", "", fault.STSThrottled, "AWS throttles STS calls of this account", fault.Soon},
	{"RequestLimitExceeded", "", fault.STSThrottled, "AWS throttles STS calls of this account", fault.Soon},
	{"TooManyRequestsException", "", fault.STSThrottled, "AWS throttles STS calls of this account", fault.Soon},
	{"ServiceUnavailable", "", fault.STSUnavailable, "AWS STS is unavailable", fault.Soon},
	{"InternalFailure", "", fault.STSUnavailable, "AWS STS is unavailable", fault.Soon},
	{"RequestTimeout", "", fault.STSUnavailable, "AWS STS gave up on the request", fault.Soon},
}

var service = network.Service{Name: "AWS STS", Unreachable: fault.STSUnreachable, Response: fault.STSResponse}

// denial turns a failed call into a fault.
func (c Client) denial(call *call, err error, chained bool) error {
	if call.answer == nil {
		return c.unanswered(call, err)
	}
	if cut := network.CutShort(call.answer, err); cut != nil {
		return c.unanswered(call, cut)
	}
	api, explained := errors.AsType[smithy.APIError](err)
	f := (*fault.Fault)(nil)
	if explained {
		f = c.ruled(api, chained)
	}
	if f == nil {
		f = c.byStatus(call.answer.StatusCode, api)
	}
	f.Cause = err
	f.Details = append(f.Details, c.details(call.answer, err)...)
	if f.Retry == fault.Soon {
		f.After = network.RetryAfter(call.answer.Header.Get("Retry-After"), c.now())
	}
	return f
}

// unanswered is the fault of a request that brought no whole answer. What the transport
// said counts more than what the SDK made of it.
func (c Client) unanswered(call *call, err error) error {
	switch {
	case call.err != nil:
		err = call.err
	case call.answer == nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		return &fault.Fault{Code: fault.Internal, Summary: "the request to AWS STS cannot be built", Why: c.known.Quote(err.Error()), Cause: err}
	}
	f := service.Unanswered(err, c.host)
	if begun := network.Begun(err); begun != nil { //nolint:bodyclose // its body broke off and is closed
		f.Details = c.details(begun, err)
	}
	return f
}

func (c Client) ruled(api smithy.APIError, chained bool) *fault.Fault {
	message := strings.ToLower(api.ErrorMessage())
	for _, r := range rules {
		if r.code != api.ErrorCode() || !strings.Contains(message, r.fragment) {
			continue
		}
		f := &fault.Fault{Code: r.fault, Summary: r.summary, Why: c.says(api), Retry: r.retry}
		if chained {
			ofSecondRole(f)
		}
		return f
	}
	return nil
}

// ofSecondRole changes what is different when no token was sent, but the first role's
// session.
func ofSecondRole(f *fault.Fault) {
	switch f.Code {
	case fault.STSAccessDenied:
		f.Code, f.Summary = fault.ChainDenied, "AWS does not allow the first role to assume the second"
	case fault.STSTokenExpired:
		f.Summary, f.Remedy = "AWS found the first role's session expired", []string{"Check the agent's clock, then re-run the job: that session was a moment old."}
	default:
	}
	if f.Retry == fault.FreshToken {
		f.Retry = fault.Never
	}
}

// filler is what the SDK puts where an answer gives no code or no message.
const filler = "UnknownError"

// says is what AWS said, as far as it said anything.
func (c Client) says(api smithy.APIError) string {
	text := api.ErrorCode()
	if message := api.ErrorMessage(); message != "" && message != filler {
		text += ": " + message
	}
	return "AWS says: " + c.known.Quote(text)
}

// byStatus judges an answer without a code we know.
func (c Client) byStatus(status int, api smithy.APIError) *fault.Fault {
	why := "the answer has the status " + strconv.Itoa(status) + " and no error of AWS STS."
	told := api != nil && api.ErrorCode() != filler
	if told {
		why = c.says(api)
	}
	switch {
	case status == http.StatusTooManyRequests:
		return &fault.Fault{Code: fault.STSThrottled, Summary: "AWS throttles STS calls of this account", Why: why, Retry: fault.Soon}
	case status == http.StatusRequestTimeout || status >= 500:
		return &fault.Fault{Code: fault.STSUnavailable, Summary: "AWS STS is unavailable", Why: why, Retry: fault.Soon}
	case status >= 300 && status < 400:
		return c.malformed("it is a redirect, which is never followed")
	case told:
		return &fault.Fault{Code: fault.STSRejected, Summary: "AWS STS rejects the request", Why: why}
	}
	return c.malformed("it is not the XML of AWS STS, or a value in it cannot be read")
}

func (c Client) malformed(why string) *fault.Fault {
	return &fault.Fault{Code: fault.STSResponse, Summary: "the answer of " + c.host + " is not one of AWS STS", Why: why}
}

// requestIDHeader is where STS names a request.
const requestIDHeader = "X-Amzn-Requestid"

// details are what support needs to find a request, and the wait that the service asked
// for.
func (c Client) details(answer *http.Response, err error) []string {
	details := []string{"HTTP status: " + strconv.Itoa(answer.StatusCode)}
	id := answer.Header.Get(requestIDHeader)
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok && id == "" {
		id = r.ServiceRequestID()
	}
	if id != "" {
		details = append(details, "request id: "+c.known.Quote(id))
	}
	if wait := answer.Header.Get("Retry-After"); wait != "" {
		details = append(details, "Retry-After: "+c.known.Quote(wait))
	}
	return details
}
