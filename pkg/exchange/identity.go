package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/entra"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/token"
)

// present obtains the token that AWS will see: the identity's own, checked, and
// exchanged at Entra where the step asks for it.
func (r *run) present(ctx context.Context) (secret.Value, error) {
	own, err := r.identity(ctx)
	if err != nil || r.plan.Entra == nil {
		r.result.Presented = r.result.Identity
		return own, err
	}
	got, err := repeat(ctx, r.patience("Entra exchange"), func(ctx context.Context) (entra.Answer, error) { return r.exchanger().Exchange(ctx, own) })
	if err != nil {
		return secret.Value{}, err
	}
	r.maskToken(got.Token)
	presented, err := token.Inspect(got.Token)
	if err != nil {
		return secret.Value{}, r.malformed(err, got.Details)
	}
	r.result.Presented = &presented
	return got.Token, nil
}

// answer is what a token request brought.
type answer struct {
	connectionID string
	token        secret.Value
	claims       claims.UnverifiedClaims
	details      []string // of the answer that brought the token
	err          error
}

// identity requests the token of the identity and, when claims of the pipeline
// are required, the pipeline's own beside it.
func (r *run) identity(ctx context.Context) (secret.Value, error) {
	id := r.plan.ConnectionID
	if id != "" && len(r.plan.Guard.Claims) > 0 {
		return r.guarded(ctx, id)
	}
	got := r.request(ctx, id)
	if got.err != nil {
		return secret.Value{}, got.err
	}
	r.result.Identity = &got.claims
	return got.token, r.guard(&got.claims, got.details)
}

// guarded requests a connection's token and the pipeline's own at once. The first
// that fails decides, and stops the other.
func (r *run) guarded(ctx context.Context, connectionID string) (secret.Value, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan answer, 2)
	for _, id := range []string{connectionID, ""} {
		go func() {
			defer func() {
				if recover() != nil {
					answers <- answer{connectionID: id, err: foreign.ErrPanicked}
				}
			}()
			answers <- r.request(ctx, id)
		}()
	}
	var connection, own answer
	var failed error
	// Both are waited for: none may mask a token after the step has said its outcome.
	for range cap(answers) {
		got := <-answers
		if got.err != nil && failed == nil {
			failed = got.err
			cancel()
		}
		if got.connectionID == connectionID {
			connection = got
		} else {
			own = got
		}
	}
	if connection.err == nil {
		r.result.Identity = &connection.claims
	}
	if failed != nil {
		return secret.Value{}, failed
	}
	return connection.token, r.guard(&own.claims, own.details)
}

// request obtains one token and checks that it belongs to the identity requested.
func (r *run) request(ctx context.Context, connectionID string) answer {
	got := answer{connectionID: connectionID}
	issued, err := repeat(ctx, r.patience("token request"), func(ctx context.Context) (idtoken.Answer, error) { return r.tokens.Request(ctx, connectionID) })
	if err != nil {
		got.err = ofIdentity(err, connectionID)
		return got
	}
	got.token, got.details = issued.Token, issued.Details
	r.maskToken(got.token)
	if got.claims, err = token.Inspect(got.token); err != nil {
		got.err = r.malformed(err, got.details)
		return got
	}
	got.err = r.sameIdentity(got.claims, connectionID, got.details)
	return got
}

func (r *run) malformed(err error, details []string) error {
	return &fault.Fault{
		Code: fault.TokenMalformed, Summary: "the token that was issued cannot be read", Why: r.known.Quote(err.Error()), Cause: err, Details: details,
	}
}

// sameIdentity compares the subject with the identity asked for. Azure DevOps
// answers a connection it cannot find with the pipeline's own token, silently.
func (r *run) sameIdentity(c claims.UnverifiedClaims, connectionID string, details []string) error {
	pipelineSubject := strings.HasPrefix(c.Subject, "p://") || strings.HasPrefix(c.Subject, "/eid1/") && strings.Contains(c.Subject, "/pl/")
	namedConnection := strings.HasPrefix(c.Subject, "sc://")
	entraConnection := strings.HasPrefix(c.Subject, "/eid1/") && strings.Contains(c.Subject, "/sc/")
	asked := "service connection " + connectionID
	switch {
	case connectionID == "" && pipelineSubject:
		return nil
	case connectionID != "" && namedConnection:
		return nil
	case connectionID != "" && entraConnection && strings.HasSuffix(strings.ToLower(c.Subject), "/"+connectionID):
		return nil
	case connectionID == "":
		asked = "pipeline itself"
	}
	return ofIdentity(&fault.Fault{
		Code: fault.IdentityMismatch, Summary: "the token belongs to a different identity than the one requested",
		Why:     fmt.Sprintf("requested: the %s; received: the subject %s (%s).", asked, r.known.Quote(c.Subject), c.Flavour()),
		Details: details,
	}, connectionID)
}

// withoutConnection are the remedies of what the catalogue puts down to a service
// connection, when none was requested.
var withoutConnection = map[fault.Code][]string{
	fault.OIDCForbidden: {"Give the ids in the error to Azure DevOps support; the request was for the pipeline's own token, so no permission on a service connection is missing."},
	fault.OIDCNotFound: {
		"Remove what overwrites System.OidcRequestUri, System.TeamProjectId, System.PlanId or System.JobId; the agent sets them for every job.",
		"Give the ids in the error to Azure DevOps support if it keeps happening.",
	},
	fault.IdentityMismatch: {"Give the ids in the error to Azure DevOps support; the request was for the pipeline's own token."},
}

// ofIdentity gives a failure the remedy that fits the identity.
func ofIdentity(err error, connectionID string) error {
	f, ok := fault.As(err)
	if !ok || connectionID != "" || withoutConnection[f.Code] == nil {
		return err
	}
	g := *f
	g.Remedy = withoutConnection[f.Code]
	return &g
}

// guard compares the pipeline's claims with the required ones.
func (r *run) guard(claims *claims.UnverifiedClaims, details []string) error {
	rules := r.plan.Guard.Claims
	if len(rules) == 0 {
		return nil
	}
	r.result.Pipeline = claims
	var wrong []string
	for _, rule := range rules {
		if said := r.mismatch(rule, claims.Raw); said != "" {
			wrong = append(wrong, said)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &fault.Fault{Code: fault.ClaimMismatch, Summary: "the pipeline's token does not satisfy requiredClaims", Why: fault.Lines(wrong), Details: details}
}

func (r *run) mismatch(rule pipeline.ClaimRule, claims map[string]any) string {
	value, present := claims[rule.Claim]
	text, isText := value.(string)
	claim, pattern := rule.Told()
	switch {
	case !present:
		return fmt.Sprintf("%s: required %s, but the token has no such claim", claim, pattern)
	case !isText:
		return fmt.Sprintf("%s: required %s, but the claim is not a string: the token says %s", claim, pattern, r.asJSON(value))
	case !rule.Holds(text):
		return fmt.Sprintf("%s: required %s, the token says %q", claim, pattern, r.known.Quote(text))
	}
	return ""
}

// asJSON is a claim that is not a string, as the token writes it.
func (r *run) asJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return "something unreadable"
	}
	return r.known.Quote(string(data))
}
