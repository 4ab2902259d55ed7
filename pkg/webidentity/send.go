package webidentity

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// named are the headers of a request to STS; the transport adds Host, User-Agent and
// Content-Length. The SDK would add more, and some of them take their value from the
// environment: X-Amzn-Trace-Id from AWS_LAMBDA_FUNCTION_NAME and _X_AMZN_TRACE_ID.
var named = []string{"Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token"}

// doer lets the SDK send through our own transport.
type doer struct{ transport http.RoundTripper }

// Do sends the named headers only, and keeps what became of the request: the SDK wraps or
// replaces errors.
func (d doer) Do(r *http.Request) (*http.Response, error) {
	keepNamed(r.Header)
	answer, err := d.transport.RoundTrip(r)
	if call, ok := r.Context().Value(callKey{}).(*call); ok {
		call.answer, call.err = answer, err
	}
	return answer, err
}

// call is one request to STS: the answer, or the transport's error.
type call struct {
	answer *http.Response
	err    error
}

type callKey struct{}

func watch(ctx context.Context) (context.Context, *call) {
	c := &call{}
	return context.WithValue(ctx, callKey{}, c), c
}

// namedHeadersOnly drops all other headers before a request is signed: what the
// signature covers cannot be dropped afterwards.
func namedHeadersOnly(stack *middleware.Stack) error {
	drop := middleware.FinalizeMiddlewareFunc("NamedHeadersOnly", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			keepNamed(r.Header)
		}
		return next.HandleFinalize(ctx, in)
	})
	if err := stack.Finalize.Insert(drop, "Signing", middleware.Before); err != nil {
		return fmt.Errorf("adding the list of headers: %w", err)
	}
	return nil
}

func keepNamed(h http.Header) {
	for name := range h {
		if !slices.Contains(named, http.CanonicalHeaderKey(name)) {
			delete(h, name)
		}
	}
}
