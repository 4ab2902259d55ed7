// Package entra owns the exchange at Microsoft Entra: a pipeline's token goes in
// as a client assertion, an access token for an audience of the user's own comes
// out. It must not know where the first token is from or what the second is for.
package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

const attemptTimeout = 30 * time.Second

// Exchanger requests access tokens of one application
// (learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
// access token request with a federated credential).
type Exchanger struct {
	// Transport sends requests under the program's network policy.
	Transport http.RoundTripper
	// Authority is the host name of the cloud's token endpoint.
	Authority string
	// TenantID and ClientID are GUIDs.
	TenantID, ClientID string
	// Audience is the wanted audience; its scope is <Audience>/.default.
	Audience string
	// Now is the clock.
	Now func() time.Time
}

// URL is the token endpoint.
func (x Exchanger) URL() *url.URL {
	return &url.URL{Scheme: "https", Host: x.Authority, Path: "/" + x.TenantID + "/oauth2/v2.0/token"}
}

// Exchange returns an access token for the audience. The request changes nothing
// at Entra, so it is repeated on transport errors, 408, 429, 5xx and
// temporarily_unavailable. Its faults are those of the AAR-ENTRA group.
func (x Exchanger) Exchange(ctx context.Context, assertion secret.Value) (secret.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_id":             {x.ClientID},
		"scope":                 {x.Audience + "/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion.Reveal()},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, x.URL().String(), strings.NewReader(form.Encode()))
	if err != nil {
		return secret.Value{}, fmt.Errorf("building Entra request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	answer, err := x.Transport.RoundTrip(request)
	if err != nil {
		return secret.Value{}, x.unreachable(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if errors.Is(err, network.ErrBodyTooLarge) {
		return secret.Value{}, x.malformed(answer, "it is larger than 1 MiB")
	}
	if err != nil {
		return secret.Value{}, x.unreachable(ctx, err)
	}
	return x.read(answer, body)
}

func (x Exchanger) unreachable(ctx context.Context, err error) error {
	f := &fault.Fault{
		Code:    fault.EntraUnreachable,
		Summary: "Microsoft Entra could not be reached at " + x.Authority, Why: network.Reason(ctx, err), Cause: err,
	}
	if !network.Permanent(err) {
		f.Retry = fault.Soon
	}
	return f
}

func (x Exchanger) malformed(answer *http.Response, why string) error {
	return &fault.Fault{
		Code: fault.EntraResponse, Summary: "the answer of " + x.Authority + " is not that of Entra's token endpoint",
		Why: why, Details: details(answer, tokenAnswer{}),
	}
}

// tokenAnswer holds the documented fields of an answer or an error.
type tokenAnswer struct {
	AccessToken   string `json:"access_token"`
	TokenType     string `json:"token_type"`
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	CorrelationID string `json:"correlation_id"`
	TraceID       string `json:"trace_id"`
}

func (x Exchanger) read(answer *http.Response, body []byte) (secret.Value, error) {
	var a tokenAnswer
	readable := json.Unmarshal(body, &a) == nil
	switch {
	case answer.StatusCode == http.StatusOK && readable && a.AccessToken != "" && strings.EqualFold(a.TokenType, "Bearer"):
		return secret.New(a.AccessToken), nil
	case readable && a.Error != "":
		return secret.Value{}, x.refusal(answer, a)
	case temporary(answer.StatusCode):
		return secret.Value{}, x.refusal(answer, a)
	case readable && answer.StatusCode == http.StatusOK:
		return secret.Value{}, x.malformed(answer, "it holds no access token")
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		return secret.Value{}, x.malformed(answer, "it is a redirect, which is never followed")
	}
	return secret.Value{}, x.malformed(answer, "it is not JSON")
}
