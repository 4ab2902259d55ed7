package exchange

import (
	"context"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/webidentity"
)

// firstHop is how long the first session lives when there is a second role, in
// seconds; it is AWS's shortest.
const firstHop = 900

// first exchanges the token for a session of the first role.
func (r *run) first(ctx context.Context, token secret.Value) error {
	step := r.plan.Step
	request := webidentity.TokenRequest{Role: roleOf(step.Role.ARN), SessionName: step.Role.SessionName, Limits: limits(step)}
	if step.Chain != nil {
		request.Limits = webidentity.Limits{DurationSeconds: firstHop}
	}
	session, err := r.patiently(ctx, func(ctx context.Context) (webidentity.Session, error) {
		return r.withToken(ctx, &token, request)
	})
	if err != nil {
		return err
	}
	r.mask(session)
	r.result.First = session
	return r.allowed(session)
}

// withToken sends the request; when STS wants a newer token it issues one, once
// in a run, and sends again.
func (r *run) withToken(ctx context.Context, token *secret.Value, request webidentity.TokenRequest) (webidentity.Session, error) {
	request.Token = *token
	session, err := r.sts.AssumeWithToken(ctx, request)
	if !helps(err, fault.FreshToken) || r.reissued {
		return session, err
	}
	r.reissued = true
	fresh, err := r.present(ctx)
	if err != nil {
		return session, err
	}
	*token, request.Token = fresh, fresh
	return r.sts.AssumeWithToken(ctx, request)
}

// second assumes the second role by the first one's session.
func (r *run) second(ctx context.Context) error {
	step := r.plan.Step
	request := webidentity.ChainRequest{
		Role: roleOf(step.Chain.ARN), SessionName: step.Role.SessionName, By: r.result.First.Credentials, Limits: limits(step),
		ExternalID: step.Chain.ExternalID, TransitiveTagKeys: step.Chain.TransitiveTagKeys, SourceIdentity: step.Chain.SourceIdentity,
	}
	for _, t := range step.Chain.Tags {
		request.Tags = append(request.Tags, webidentity.Tag(t))
	}
	session, err := r.patiently(ctx, func(ctx context.Context) (webidentity.Session, error) {
		return r.sts.Assume(ctx, request)
	})
	if err != nil {
		return err
	}
	r.mask(session)
	r.result.Session = session
	return r.allowed(session)
}

func (r *run) mask(s webidentity.Session) {
	r.opt.Mask(s.Credentials.SecretAccessKey)
	r.opt.Mask(s.Credentials.SessionToken)
	r.opt.Mask(secret.New(s.Credentials.AccessKeyID))
}

func roleOf(a pipeline.RoleARN) webidentity.Role {
	return webidentity.Role{ARN: a.Full, Partition: a.Partition, Account: a.Account, Name: a.Name}
}

func limits(step pipeline.Step) webidentity.Limits {
	return webidentity.Limits{DurationSeconds: step.Role.DurationSeconds, Policy: step.Role.Policy, PolicyARNs: step.Role.PolicyARNs}
}

// propagation are the waits for a role or provider that was created just now, 30
// seconds in all; changes in IAM are not visible at once everywhere.
var propagation = []time.Duration{1, 2, 4, 8, 15}

// patiently repeats a call while that may help.
func (r *run) patiently(ctx context.Context, call func(context.Context) (webidentity.Session, error)) (webidentity.Session, error) {
	session, err := repeat(ctx, call)
	for _, seconds := range propagation {
		if !helps(err, fault.Propagation) || !r.plan.Step.WaitForPropagation || !pause(ctx, seconds*time.Second) {
			break
		}
		session, err = repeat(ctx, call)
	}
	return session, err
}

func helps(err error, what fault.Retry) bool {
	f, ok := fault.As(err)
	return ok && f.Retry == what
}
