package webidentity

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

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
	{"InvalidIdentityToken", "", fault.STSInvalidToken, "AWS does not accept the token", fault.FreshToken},
	{"ExpiredTokenException", "", fault.STSTokenExpired, "AWS found the token expired", fault.FreshToken},
	{"ExpiredToken", "", fault.STSTokenExpired, "AWS found the token expired", fault.FreshToken},
	{"IDPCommunicationError", "", fault.STSIDPConnection, "AWS could not reach the token's issuer", fault.Soon},
	{"IDPRejectedClaim", "", fault.STSIDPRejected, "the issuer rejected the token", fault.FreshToken},
	{"AccessDenied", "", fault.STSAccessDenied, "AWS does not allow this identity to assume the role", fault.Propagation},
	{"AccessDeniedException", "", fault.STSAccessDenied, "AWS does not allow this identity to assume the role", fault.Propagation},
	{"MalformedPolicyDocument", "", fault.STSPolicy, "AWS does not accept the session policy", fault.Never},
	{"PackedPolicyTooLarge", "", fault.STSPolicy, "AWS finds the session policy or the tags too large", fault.Never},
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

// denial turns the SDK's error into a fault with a verdict.
func (c Client) denial(ctx context.Context, err error, chained bool) error {
	answer, answered := errors.AsType[*smithyhttp.ResponseError](err)
	answered = answered && answer.HTTPStatusCode() != 0
	api, explained := errors.AsType[smithy.APIError](err)
	switch {
	case errors.Is(err, network.ErrBodyTooLarge):
		return c.malformed("it is larger than 1 MiB", err)
	case !answered, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.DeadlineExceeded):
		return c.unreachable(ctx, err)
	case explained:
		if f := ruled(api, chained); f != nil {
			return c.complete(f, err, answer.Response)
		}
	}
	return c.complete(c.byStatus(answer, api, err), err, answer.Response)
}

func ruled(api smithy.APIError, chained bool) *fault.Fault {
	message := strings.ToLower(api.ErrorMessage())
	for _, r := range rules {
		if r.code != api.ErrorCode() || !strings.Contains(message, r.fragment) {
			continue
		}
		f := &fault.Fault{Code: r.fault, Summary: r.summary, Why: says(api), Retry: r.retry}
		if chained && r.fault == fault.STSAccessDenied {
			f.Code, f.Summary = fault.ChainDenied, "AWS does not allow the first role to assume the second"
		}
		if chained && f.Retry == fault.FreshToken {
			f.Retry = fault.Never
		}
		if chained && r.fault == fault.STSTokenExpired {
			f.Summary, f.Remedy = "AWS found the first role's session expired", []string{"Check the agent's clock, then re-run the job: that session was a moment old."}
		}
		return f
	}
	return nil
}

func says(api smithy.APIError) string {
	return "AWS says: " + network.Clip(api.ErrorCode()+": "+api.ErrorMessage())
}

// byStatus judges an answer without a code we know.
func (c Client) byStatus(answer *smithyhttp.ResponseError, api smithy.APIError, err error) *fault.Fault {
	status := answer.HTTPStatusCode()
	why := "the answer has the status " + strconv.Itoa(status) + " and no error of AWS STS."
	told := false
	if api != nil && api.ErrorCode() != "UnknownError" {
		why, told = says(api), true
	}
	switch {
	case status == http.StatusTooManyRequests:
		return &fault.Fault{Code: fault.STSThrottled, Summary: "AWS throttles STS calls of this account", Why: why, Retry: fault.Soon}
	case status == http.StatusRequestTimeout || status >= 500:
		return &fault.Fault{Code: fault.STSUnavailable, Summary: "AWS STS is unavailable", Why: why, Retry: fault.Soon}
	case status >= 300 && status < 400:
		return c.malformed("it is a redirect, which is never followed", err)
	case told:
		return &fault.Fault{Code: fault.STSRejected, Summary: "AWS STS rejects the request", Why: why}
	}
	return c.malformed("it is not the XML of AWS STS", err)
}

func (c Client) malformed(why string, err error) *fault.Fault {
	return &fault.Fault{Code: fault.STSResponse, Summary: "the answer of " + c.host + " is not one of AWS STS", Why: why, Cause: err}
}

func (c Client) unreachable(ctx context.Context, err error) error {
	f := &fault.Fault{Code: fault.STSUnreachable, Summary: "AWS STS could not be reached at " + c.host, Why: network.Reason(ctx, err), Cause: err}
	if !network.Permanent(err) {
		f.Retry = fault.Soon
	}
	return f
}

// complete adds what support needs, and the wait that the service asked for.
func (c Client) complete(f *fault.Fault, err error, answer *smithyhttp.Response) error {
	f.Cause = err
	if answer == nil {
		return f
	}
	f.Details = append(f.Details, "HTTP status: "+strconv.Itoa(answer.StatusCode))
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok && r.ServiceRequestID() != "" {
		f.Details = append(f.Details, "request id: "+network.Clip(r.ServiceRequestID()))
	}
	if wait := answer.Header.Get("Retry-After"); wait != "" {
		f.Details = append(f.Details, "Retry-After: "+network.Clip(wait))
		f.After = network.RetryAfter(wait, c.now())
	}
	return f
}
