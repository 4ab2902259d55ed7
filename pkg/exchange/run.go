// Package exchange owns the way from a pipeline's identity to AWS credentials: token,
// guards, Entra, STS, second role, in this order, and with it all patience: what is
// repeated, how often and after which wait. The task and the renewal of a profile both
// run it. It must not know who asked or where the credentials go.
package exchange

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/entra"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/idtoken"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/webidentity"
)

var errMalformed = errors.New("malformed")

// Result is what an exchange found out. After an error it holds what was known
// until then, for the explanation.
type Result struct {
	// Session is the one whose credentials are wanted.
	Session iam.Session
	// First is the first role's session; equal to Session without a second role.
	First iam.Session
	// Identity are the claims of the token that Azure DevOps issued.
	Identity *claims.UnverifiedClaims
	// Presented are the claims of the token that was shown to AWS.
	Presented *claims.UnverifiedClaims
	// Pipeline are the claims of the pipeline's own token, when it was asked for.
	Pipeline *claims.UnverifiedClaims
	// Skew is how far a server's clock was ahead of ours.
	Skew time.Duration
	// Known are the secrets that no text may show which a service had a hand in; a token
	// can say anything.
	Known *foreign.Secrets
}

// Options are what the caller lends to an exchange.
type Options struct {
	// Now is the clock.
	Now func() time.Time
	// Mask is called with every token and credential before it can appear anywhere.
	Mask func(secret.Value)
	// Retrying is called before each repetition of a request, and the pause before it.
	Retrying func(Retry)
}

// run is one exchange under way.
type run struct {
	plan     pipeline.Plan
	opt      Options
	client   *network.Client
	known    *foreign.Secrets
	tokens   idtoken.Requester
	sts      webidentity.Client
	result   *Result
	reissued bool
}

// Run walks the whole way. Every error is a fault; nothing is left behind by a
// failure. The context's deadline bounds it.
func Run(ctx context.Context, p pipeline.Plan, opt Options) (Result, error) {
	var result Result
	r, err := start(ctx, p, opt, &result)
	if err == nil {
		err = r.walk(ctx)
		result.Skew = r.client.Skew()
	}
	return result, overall(ctx, err)
}

// start checks the hosts and opens the connections that will be needed, so that
// their handshakes run beside the token request.
func start(ctx context.Context, p pipeline.Plan, opt Options, result *Result) (*run, error) {
	endpoint, err := location(p.Job).Endpoint()
	if err != nil {
		return nil, err
	}
	sts, err := url.Parse(p.STSEndpoint.URL)
	if err != nil {
		return nil, errMalformed
	}
	known := &foreign.Secrets{}
	known.Add(append(p.Network.Secrets(), p.Job.JobToken)...)
	if p.Role.SessionWithheld {
		known.Add(secret.New(p.Role.SessionName))
	}
	if p.Chain != nil {
		known.Add(p.Chain.ExternalID)
	}
	result.Known = known
	client := network.NewClient(p.Network, opt.Now, known)
	r := &run{
		plan: p, opt: opt, client: client, known: known, result: result,
		tokens: idtoken.Requester{Transport: client, Endpoint: endpoint, JobToken: p.Job.JobToken, Known: known, Now: opt.Now},
		sts:    webidentity.New(client, p.STSEndpoint.URL, sts.Host, p.STSEndpoint.SigningRegion, opt.Now, known),
	}
	client.Open(ctx, sts)
	if p.Entra != nil {
		client.Open(ctx, r.exchanger().URL())
	}
	return r, nil
}

// maskToken masks a token as a whole and each of its three parts.
func (r *run) maskToken(token secret.Value) {
	r.hide(token)
	for part := range strings.SplitSeq(token.Reveal(), ".") {
		r.opt.Mask(secret.New(part))
	}
}

// hide masks a value in the log, and keeps every part of it out of quoted texts.
func (r *run) hide(v secret.Value) {
	r.opt.Mask(v)
	r.known.Add(v)
}

func location(j pipeline.Job) idtoken.Location {
	return idtoken.Location{
		SystemURL: j.SystemURL, RequestURI: j.OIDCRequestURI, CollectionURI: j.CollectionURI,
		ProjectID: j.ProjectID, HostType: j.HostType, PlanID: j.PlanID, JobID: j.JobID,
	}
}

func (r *run) exchanger() entra.Exchanger {
	x := r.plan.Entra
	return entra.Exchanger{
		Transport: r.client, Authority: x.Authority, TenantID: x.TenantID, ClientID: x.ClientID, Audience: x.Audience,
		Known: r.known, Now: r.opt.Now,
	}
}

func (r *run) walk(ctx context.Context) error {
	token, err := r.present(ctx)
	if err != nil {
		return err
	}
	if err := r.first(ctx, token); err != nil {
		return err
	}
	if r.plan.Chain == nil {
		r.result.Session = r.result.First
	} else if err := r.second(ctx); err != nil {
		return err
	}
	return r.current()
}

// current refuses credentials that have expired by this machine's clock: no
// tool on it could sign with them.
func (r *run) current() error {
	end, now := r.result.Session.Credentials.Expires, r.opt.Now()
	if now.Before(end) {
		return nil
	}
	return &fault.Fault{
		Code: fault.Clock, Summary: "the credentials that AWS STS granted have already expired by this machine's clock",
		Why:     "they expire at " + end.UTC().Format(time.RFC3339) + ", and this machine's clock says " + now.UTC().Format(time.RFC3339) + ".",
		Details: requestID(r.result.Session),
	}
}

// requestID is by which AWS's support finds the request that brought a session.
func requestID(s iam.Session) []string {
	if s.RequestID == "" {
		return nil
	}
	return []string{"request id: " + s.RequestID}
}

// overall gives a run that was stopped from outside its own fault.
func overall(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	f := fault.Of(err, "the exchange stopped for an unknown reason")
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Canceled(err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &fault.Fault{
			Code: fault.Timeout, Summary: "the step did not finish within timeoutSeconds",
			Why: "the last attempt before that: " + strings.TrimSuffix(f.Summary+"; "+f.Why, "; "), Details: f.Details, Cause: err,
		}
	}
	return f
}

// Ended is the fault of a step whose time has ended or that was asked to stop, and nil
// while it may go on. The rest of the sentence "timeoutSeconds elapsed …" says when.
func Ended(ctx context.Context, when string) error {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return &fault.Fault{Code: fault.Timeout, Summary: "the step did not finish within timeoutSeconds", Why: "timeoutSeconds elapsed " + when + ".", Cause: err}
	case err != nil:
		return Canceled(err)
	}
	return nil
}

// Canceled is the fault of a step that was asked to stop.
func Canceled(cause error) error {
	return &fault.Fault{
		Code: fault.Canceled, Summary: "the step was canceled before credentials were exported",
		Why: "the agent asked the task to stop: the run was canceled, or the job or the step ran out of time.", Cause: cause,
	}
}

// transient are the faults after which live credentials may serve a little longer.
var transient = []fault.Code{
	fault.OIDCUnreachable, fault.OIDCUnavailable, fault.OIDCThrottled, fault.OIDCPlanSecurity,
	fault.EntraUnreachable, fault.EntraUnavailable, fault.EntraThrottled,
	fault.STSUnreachable, fault.STSUnavailable, fault.STSThrottled, fault.STSIDPConnection,
	fault.Timeout,
}

// Transient reports whether an error is of the network or of an overloaded service,
// rather than a refusal.
func Transient(err error) bool {
	f, ok := fault.As(err)
	return ok && slices.Contains(transient, f.Code)
}
