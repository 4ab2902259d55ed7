package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// present obtains the token that AWS will see: the identity's own, checked, and
// exchanged at Entra where the step asks for it.
func (r *run) present(ctx context.Context) (secret.Value, error) {
	token, err := r.identity(ctx)
	if err != nil || r.plan.Step.Identity.Entra == nil {
		r.result.Presented = r.result.Identity
		return token, err
	}
	if token, err = r.exchanger().Exchange(ctx, token); err != nil {
		return secret.Value{}, err
	}
	claims, err := idtoken.Inspect(token)
	if err != nil {
		return secret.Value{}, malformed(err)
	}
	r.result.Presented = &claims
	return token, nil
}

// answer is what one of two parallel token requests brought.
type answer struct {
	token  secret.Value
	claims idtoken.UnverifiedClaims
	err    error
}

// identity requests the token of the identity and, when claims of the pipeline
// are required, the pipeline's own beside it.
func (r *run) identity(ctx context.Context) (secret.Value, error) {
	id := r.plan.Step.Identity
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	own := make(chan answer, 1)
	both := len(r.plan.Step.Guard.Claims) > 0 && id.ConnectionID != ""
	if both {
		go func() { own <- r.request(ctx, "") }()
	}
	got := r.request(ctx, id.ConnectionID)
	if got.err != nil {
		cancel()
		if both {
			<-own // it must not mask a token after the step has said its outcome
		}
		return secret.Value{}, got.err
	}
	r.result.Identity = &got.claims
	if !both {
		return got.token, r.guard(&got.claims)
	}
	pipelineToken := <-own
	if pipelineToken.err != nil {
		return secret.Value{}, pipelineToken.err
	}
	return got.token, r.guard(&pipelineToken.claims)
}

// request obtains one token and checks that it is of the identity asked for.
func (r *run) request(ctx context.Context, connectionID string) answer {
	token, err := r.tokens.Request(ctx, connectionID)
	if err != nil {
		return answer{err: err}
	}
	claims, err := idtoken.Inspect(token)
	if err != nil {
		return answer{err: malformed(err)}
	}
	return answer{token: token, claims: claims, err: sameIdentity(claims, connectionID)}
}

func malformed(err error) error {
	return &fault.Fault{Code: fault.TokenMalformed, Summary: "the token that was issued cannot be read", Why: network.Clip(err.Error()), Cause: err}
}

// sameIdentity compares the subject with the identity asked for. Azure DevOps
// answers a connection it cannot find with the pipeline's own token, silently.
func sameIdentity(c idtoken.UnverifiedClaims, connectionID string) error {
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
	return &fault.Fault{
		Code: fault.IdentityMismatch, Summary: "the token is not of the identity that was asked for",
		Why: fmt.Sprintf("asked for the %s, got the subject %s (%s).", asked, network.Clip(c.Subject), c.Flavour()),
	}
}

// guard compares the pipeline's claims with the required ones.
func (r *run) guard(claims *idtoken.UnverifiedClaims) error {
	rules := r.plan.Step.Guard.Claims
	if len(rules) == 0 {
		return nil
	}
	r.result.Pipeline = claims
	var wrong []string
	for _, rule := range rules {
		if said := mismatch(rule, claims.Raw); said != "" {
			wrong = append(wrong, said)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &fault.Fault{Code: fault.ClaimMismatch, Summary: "the pipeline's token does not satisfy requiredClaims", Why: strings.Join(wrong, "\n     ")}
}

func mismatch(rule pipeline.ClaimRule, claims map[string]any) string {
	value, present := claims[rule.Claim]
	text, isText := value.(string)
	switch {
	case !present:
		return fmt.Sprintf("%s: wanted %q, but the token has no such claim", rule.Claim, rule.Pattern)
	case !isText:
		return fmt.Sprintf("%s: wanted %q, but the claim is not a text: the token says %s", rule.Claim, rule.Pattern, asJSON(value))
	case !rule.Holds(text):
		return fmt.Sprintf("%s: wanted %q, the token says %q", rule.Claim, rule.Pattern, network.Clip(text))
	}
	return ""
}

// asJSON is a claim that is not a text, as the token writes it.
func asJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return "something unreadable"
	}
	return network.Clip(string(data))
}
