package exchange

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/webidentity"
)

// firstHop is how long the first session lives when there is a second role, in
// seconds; it is AWS's shortest.
const firstHop = 900

// first exchanges the token for a session of the first role.
func (r *run) first(ctx context.Context, token secret.Value) error {
	role := r.plan.Role
	request := webidentity.TokenRequest{Role: role.ARN, SessionName: role.SessionName, Limits: limits(role)}
	if r.plan.Chain != nil {
		request.Limits = webidentity.Limits{DurationSeconds: firstHop}
	}
	session, err := r.patiently(ctx, "first role", func(ctx context.Context) (iam.Session, error) {
		return r.withToken(ctx, &token, request)
	})
	if err != nil {
		return err
	}
	r.mask(session)
	r.result.First = session
	return nil
}

// withToken sends the request; when STS wants a newer token it issues one, once
// in a run, and sends again.
func (r *run) withToken(ctx context.Context, token *secret.Value, request webidentity.TokenRequest) (iam.Session, error) {
	request.Token = *token
	session, err := r.sts.AssumeWithToken(ctx, request)
	if !helps(err, fault.FreshToken) || r.reissued {
		return session, err
	}
	r.reissued = true
	refused, _ := fault.As(err)
	r.opt.Retrying(Retry{"first role (new token)", refused, 0, 2, 2})
	fresh, err := r.present(ctx)
	if err != nil {
		return session, notReissued(err, refused)
	}
	*token, request.Token = fresh, fresh
	return r.sts.AssumeWithToken(ctx, request)
}

// notReissued is the fault of a run that got no newer token. It says what AWS refused
// before, and has been repeated as often as helps.
func notReissued(err error, refused *fault.Fault) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	g := *f
	g.Retry = fault.Never
	said := append([]string{refused.Error(), strings.TrimSuffix(refused.Why, ".")}, refused.Details...)
	g.Details = append(slices.Clone(f.Details), "a new token was requested because AWS STS refused the first: "+strings.Join(said, "; "))
	return &g
}

// second assumes the second role by the first one's session.
func (r *run) second(ctx context.Context) error {
	role, chain := r.plan.Role, r.plan.Chain
	request := webidentity.ChainRequest{
		Role: chain.ARN, SessionName: role.SessionName, By: r.result.First.Credentials, Limits: limits(role),
		ExternalID: chain.ExternalID, Tags: chain.Tags, TransitiveTagKeys: chain.TransitiveTagKeys, SourceIdentity: chain.SourceIdentity,
	}
	session, err := r.patiently(ctx, "second role", func(ctx context.Context) (iam.Session, error) {
		return r.sts.Assume(ctx, request)
	})
	if err != nil {
		return err
	}
	r.mask(session)
	r.result.Session = session
	return nil
}

func (r *run) mask(s iam.Session) {
	r.hide(s.Credentials.SecretAccessKey)
	r.hide(s.Credentials.SessionToken)
	r.hide(secret.New(s.Credentials.AccessKeyID))
}

func limits(role pipeline.Role) webidentity.Limits {
	return webidentity.Limits{DurationSeconds: role.DurationSeconds, Policy: role.Policy, PolicyARNs: role.PolicyARNs}
}

// propagation are the waits for a role or provider that was created just now, 30
// seconds in all; changes in IAM are not visible at once everywhere.
var propagation = []time.Duration{1, 2, 4, 8, 15}

// patiently repeats a call while that may help.
func (r *run) patiently(ctx context.Context, request string, call func(context.Context) (iam.Session, error)) (iam.Session, error) {
	p := r.patience(request)
	session, err := repeat(ctx, p, call)
	for i, seconds := range propagation {
		wait := seconds * time.Second
		if !helps(err, fault.Propagation) || !r.plan.WaitForPropagation || !timeFor(ctx, wait) {
			break
		}
		f, _ := fault.As(err)
		r.opt.Retrying(Retry{request + " (waitForPropagation)", f, wait, i + 2, len(propagation) + 1})
		if !pause(ctx, wait) {
			break
		}
		session, err = repeat(ctx, p, call)
	}
	return session, err
}

func helps(err error, what fault.Retry) bool {
	f, ok := fault.As(err)
	return ok && f.Retry == what
}
