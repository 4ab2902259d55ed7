// Package entra owns the exchange at Microsoft Entra: a pipeline's token goes in
// as a client assertion, an access token for an audience of the user's own comes
// out. It must not know where the first token is from or what the second is for.
package entra

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
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
	// Audience is the requested audience; its scope is <Audience>/.default.
	Audience string
	// Known are the secrets that no quoted answer may show.
	Known *foreign.Secrets
	// Now is the clock.
	Now func() time.Time
}

// Answer is a token, and what support needs to find its request: status and ids.
type Answer struct {
	Token   secret.Value
	Details []string
}

// URL is the token endpoint.
func (x Exchanger) URL() *url.URL {
	return &url.URL{Scheme: "https", Host: x.Authority, Path: "/" + x.TenantID + "/oauth2/v2.0/token"}
}

// Exchange returns an access token for the audience. The request changes nothing
// at Entra, so it is repeated on transport errors, 408, 429, 5xx and
// temporarily_unavailable. Its faults are those of the AAR-ENTRA group.
func (x Exchanger) Exchange(ctx context.Context, assertion secret.Value) (Answer, error) {
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
		return Answer{}, fmt.Errorf("building Entra request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	answer, err := x.Transport.RoundTrip(request)
	if err != nil {
		return Answer{}, x.unanswered(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return Answer{}, x.unanswered(err)
	}
	return x.read(answer, body)
}

var service = network.Service{Name: "Microsoft Entra", Unreachable: fault.EntraUnreachable, Response: fault.EntraResponse}

func (x Exchanger) unanswered(err error) error {
	f := service.Unanswered(err, x.Authority)
	if begun := network.Begun(err); begun != nil { //nolint:bodyclose // its body broke off and is closed
		f.Details = x.details(begun, tokenAnswer{})
	}
	return f
}

func (x Exchanger) malformed(answer *http.Response, why string) error {
	return &fault.Fault{
		Code: fault.EntraResponse, Summary: "the answer of " + x.Authority + " is not that of Entra's token endpoint",
		Why: why, Details: x.details(answer, tokenAnswer{}),
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

func (x Exchanger) read(answer *http.Response, body []byte) (Answer, error) {
	var a tokenAnswer
	parsing := json.Unmarshal(body, &a)
	readable := parsing == nil
	if cut := network.CutShort(answer, parsing); cut != nil {
		return Answer{}, x.unanswered(cut)
	}
	switch {
	case answer.StatusCode == http.StatusOK && readable && a.AccessToken != "" && strings.EqualFold(a.TokenType, "Bearer"):
		return Answer{Token: secret.New(a.AccessToken), Details: x.details(answer, tokenAnswer{})}, nil
	case readable && a.Error != "":
		return Answer{}, x.refusal(answer, a)
	case temporary(answer.StatusCode):
		return Answer{}, x.refusal(answer, a)
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		return Answer{}, x.malformed(answer, "it is a redirect, which is never followed")
	case readable:
		return Answer{}, x.malformed(answer, "it has the status "+strconv.Itoa(answer.StatusCode)+", and neither a bearer token with the status 200 nor an error")
	}
	return Answer{}, x.malformed(answer, "it is not JSON")
}
