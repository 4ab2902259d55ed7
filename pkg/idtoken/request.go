// Package idtoken owns the request of the OIDC token at Azure DevOps: where it goes, how
// its answer is read and what a refusal means. It sends one request, must not know what
// the token is used for, and leaves repetition to its caller.
package idtoken

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// attemptTimeout bounds one request, so that a hanging one can be repeated.
const attemptTimeout = 30 * time.Second

// Requester asks Azure DevOps for tokens of one job.
type Requester struct {
	// Transport sends requests under the program's network policy.
	Transport http.RoundTripper
	// Endpoint is the checked URL, from Location.
	Endpoint *url.URL
	// JobToken is the job's access token.
	JobToken secret.Value
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

// Request obtains a token of a service connection, by its GUID, or of the
// pipeline itself when the id is empty. Issuing a token changes nothing at the
// service, so the request may be repeated: on transport errors, 408, 429, 5xx, an
// empty token, and on TaskOrchestrationPlanSecurityException whatever its status
// (microsoft/azure-pipelines-agent src/Agent.Worker/ContainerOperationProviderEnhanced.cs
// retries it too). Its faults are those of the AAR-OIDC group.
func (r Requester) Request(ctx context.Context, connectionID string) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, withQuery(r.Endpoint, connectionID), http.NoBody)
	if err != nil {
		return Answer{}, fmt.Errorf("building token request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+r.JobToken.Reveal())
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	// Without this header a refused token is answered by a redirect to a sign-in page.
	request.Header.Set("X-TFS-FedAuthRedirect", "Suppress")
	answer, err := r.Transport.RoundTrip(request)
	if err != nil {
		return Answer{}, r.unanswered(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return Answer{}, r.unanswered(err)
	}
	return r.read(answer, body)
}

// tokenAnswer holds the fields that the service documents, of answers and errors.
type tokenAnswer struct {
	Token   *string `json:"oidcToken"`
	Message string  `json:"message"`
	TypeKey string  `json:"typeKey"`
	// Value is a text in the error of an unreferenced connection.
	Value json.RawMessage `json:"value"`
}

// text is the service's message, wherever it stands.
func (a tokenAnswer) text() string {
	var value string
	if a.Message == "" && json.Unmarshal(a.Value, &value) == nil {
		return value
	}
	return a.Message
}

func (r Requester) read(answer *http.Response, body []byte) (Answer, error) {
	var a tokenAnswer
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	parsing := json.Unmarshal(body, &a)
	readable := kind != "text/html" && parsing == nil
	if cut := network.CutShort(answer, parsing); cut != nil && kind != "text/html" {
		return Answer{}, r.unanswered(cut)
	}
	if answer.StatusCode != http.StatusOK || !readable || a.TypeKey != "" || a.Token == nil && a.text() != "" {
		return Answer{}, r.refusal(answer, a, readable)
	}
	if a.Token == nil || *a.Token == "" {
		return Answer{}, &fault.Fault{
			Code: fault.OIDCEmptyToken, Retry: fault.Soon,
			Summary: "Azure DevOps answered without a token", Why: "the field oidcToken of its answer is missing or empty.",
			Details: r.correlation(answer),
		}
	}
	return Answer{Token: secret.New(*a.Token), Details: r.correlation(answer)}, nil
}

var service = network.Service{Name: "Azure DevOps", Unreachable: fault.OIDCUnreachable, Response: fault.OIDCResponse}

func (r Requester) unanswered(err error) error {
	f := service.Unanswered(err, r.Endpoint.Host)
	if begun := network.Begun(err); begun != nil { //nolint:bodyclose // its body broke off and is closed
		f.Details = r.correlation(begun)
	}
	return f
}
