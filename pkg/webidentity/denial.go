package webidentity

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/retry"
)

// Verdict says what may help after a failed call.
type Verdict int

// The verdicts. FreshToken: once, with a newly issued token. Propagation: for a
// while, when the role or provider was created just now.
const (
	Permanent Verdict = iota
	Repeat
	FreshToken
	Propagation
)

// Denial is a failed call to STS.
type Denial struct {
	Fault   *fault.Fault
	Verdict Verdict
	// After is the least time to wait before a repetition.
	After time.Duration
}

func (d *Denial) Error() string { return d.Fault.Error() }

// Unwrap returns the fault.
func (d *Denial) Unwrap() error { return d.Fault }

func permanent(f *fault.Fault) error { return &Denial{Fault: f} }

// rule maps one answer of STS to a fault. Several causes share a code, so the
// message decides where one is given; messages are matched by a fragment, in
// lower case (AWS STS API reference, API_AssumeRoleWithWebIdentity, Errors).
type rule struct {
	code, fragment string
	fault          fault.Code
	summary        string
	verdict        Verdict
}

var rules = []rule{
	{"InvalidIdentityToken", "no openidconnect provider", fault.STSNoProvider, "the role's account has no identity provider for the token's issuer", Propagation},
	{"InvalidIdentityToken", "incorrect token audience", fault.STSAudience, "the identity provider in AWS does not list the token's client id", Permanent},
	{"InvalidIdentityToken", "couldn't retrieve verification key", fault.STSKeyRetrieval, "AWS could not fetch the issuer's signing keys", Repeat},
	{"InvalidIdentityToken", "", fault.STSInvalidToken, "AWS does not accept the token", FreshToken},
	{"ExpiredTokenException", "", fault.STSTokenExpired, "AWS found the token expired", FreshToken},
	{"ExpiredToken", "", fault.STSTokenExpired, "AWS found the token expired", FreshToken},
	{"IDPCommunicationError", "", fault.STSIDPConnection, "AWS could not reach the token's issuer", Repeat},
	{"IDPRejectedClaim", "", fault.STSIDPRejected, "the issuer rejected the token", FreshToken},
	{"AccessDenied", "", fault.STSAccessDenied, "AWS does not allow this identity to assume the role", Propagation},
	{"AccessDeniedException", "", fault.STSAccessDenied, "AWS does not allow this identity to assume the role", Propagation},
	{"MalformedPolicyDocument", "", fault.STSPolicy, "AWS does not accept the session policy", Permanent},
	{"PackedPolicyTooLarge", "", fault.STSPolicy, "AWS finds the session policy or the tags too large", Permanent},
	{"RegionDisabledException", "", fault.STSRegionDisabled, "STS is not active in this region for the account", Permanent},
	{"ValidationError", "durationseconds", fault.STSDuration, "the role does not allow a session of this length", Permanent},
	{"ValidationError", "session limit", fault.STSDuration, "AWS does not allow a session of this length", Permanent},
	{"ValidationError", "", fault.STSValidation, "AWS rejects a value of the request", Permanent},
	{"Throttling", "", fault.STSThrottled, "AWS throttles STS calls of this account", Repeat},
	{"ThrottlingException", "", fault.STSThrottled, "AWS throttles STS calls of this account", Repeat},
	{"RequestLimitExceeded", "", fault.STSThrottled, "AWS throttles STS calls of this account", Repeat},
	{"TooManyRequestsException", "", fault.STSThrottled, "AWS throttles STS calls of this account", Repeat},
	{"ServiceUnavailable", "", fault.STSUnavailable, "AWS STS is unavailable", Repeat},
	{"InternalFailure", "", fault.STSUnavailable, "AWS STS is unavailable", Repeat},
	{"RequestTimeout", "", fault.STSUnavailable, "AWS STS gave up on the request", Repeat},
}

// denial turns the SDK's error into a fault with a verdict.
func (c Client) denial(ctx context.Context, err error, chained bool) error {
	answer, answered := errors.AsType[*smithyhttp.ResponseError](err)
	answered = answered && answer.HTTPStatusCode() != 0
	api, explained := errors.AsType[smithy.APIError](err)
	switch {
	case errors.Is(err, network.ErrBodyTooLarge):
		return permanent(c.malformed("it is larger than 1 MiB", err))
	case !answered, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.DeadlineExceeded):
		return c.unreachable(ctx, err)
	case explained:
		if d := ruled(api, chained); d != nil {
			return c.complete(d, err, answer.Response)
		}
	}
	return c.complete(c.byStatus(answer, api, err), err, answer.Response)
}

func ruled(api smithy.APIError, chained bool) *Denial {
	message := strings.ToLower(api.ErrorMessage())
	for _, r := range rules {
		if r.code != api.ErrorCode() || !strings.Contains(message, r.fragment) {
			continue
		}
		f := &fault.Fault{Code: r.fault, Summary: r.summary, Why: says(api)}
		verdict := r.verdict
		if chained && r.fault == fault.STSAccessDenied {
			f.Code, f.Summary = fault.ChainDenied, "AWS does not allow the first role to assume the second"
		}
		if chained && verdict == FreshToken {
			verdict = Permanent
		}
		if chained && r.fault == fault.STSTokenExpired {
			f.Summary, f.Remedy = "AWS found the first role's session expired", []string{"Check the agent's clock, then re-run the job: that session was a moment old."}
		}
		return &Denial{Fault: f, Verdict: verdict}
	}
	return nil
}

func says(api smithy.APIError) string {
	return "AWS says: " + network.Clip(api.ErrorCode()+": "+api.ErrorMessage())
}

// byStatus judges an answer without a code we know.
func (c Client) byStatus(answer *smithyhttp.ResponseError, api smithy.APIError, err error) *Denial {
	status := answer.HTTPStatusCode()
	why := "the answer has the status " + strconv.Itoa(status) + " and no error of AWS STS."
	told := false
	if api != nil && api.ErrorCode() != "UnknownError" {
		why, told = says(api), true
	}
	switch {
	case status == http.StatusTooManyRequests:
		return &Denial{Fault: &fault.Fault{Code: fault.STSThrottled, Summary: "AWS throttles STS calls of this account", Why: why}, Verdict: Repeat}
	case status == http.StatusRequestTimeout || status >= 500:
		return &Denial{Fault: &fault.Fault{Code: fault.STSUnavailable, Summary: "AWS STS is unavailable", Why: why}, Verdict: Repeat}
	case status >= 300 && status < 400:
		return &Denial{Fault: c.malformed("it is a redirect, which is never followed", err)}
	case told:
		return &Denial{Fault: &fault.Fault{Code: fault.STSRejected, Summary: "AWS STS rejects the request", Why: why}}
	}
	return &Denial{Fault: c.malformed("it is not the XML of AWS STS", err)}
}

func (c Client) malformed(why string, err error) *fault.Fault {
	return &fault.Fault{Code: fault.STSResponse, Summary: "the answer of " + c.host + " is not one of AWS STS", Why: why, Cause: err}
}

func (c Client) unreachable(ctx context.Context, err error) error {
	f := &fault.Fault{Code: fault.STSUnreachable, Summary: "AWS STS could not be reached at " + c.host, Why: network.Reason(ctx, err), Cause: err}
	if network.Permanent(err) {
		return permanent(f)
	}
	return &Denial{Verdict: Repeat, Fault: f}
}

// complete adds what support needs, and the wait that the service asked for.
func (c Client) complete(d *Denial, err error, answer *smithyhttp.Response) *Denial {
	d.Fault.Cause = err
	if answer == nil {
		return d
	}
	d.Fault.Details = append(d.Fault.Details, "HTTP status: "+strconv.Itoa(answer.StatusCode))
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok && r.ServiceRequestID() != "" {
		d.Fault.Details = append(d.Fault.Details, "request id: "+network.Clip(r.ServiceRequestID()))
	}
	if wait := answer.Header.Get("Retry-After"); wait != "" {
		d.Fault.Details = append(d.Fault.Details, "Retry-After: "+network.Clip(wait))
		d.After = retry.After(wait, c.now())
	}
	return d
}
