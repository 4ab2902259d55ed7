// Package webidentity owns the calls to AWS STS: AssumeRoleWithWebIdentity for
// the first role, AssumeRole for a second one, and what STS's answers mean. It
// must not know where a token is from or where credentials go.
package webidentity

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// attemptTimeout bounds one request, so that a hanging one can be repeated.
const attemptTimeout = 30 * time.Second

// Client calls one STS endpoint. It is built by hand rather than from the SDK's
// configuration, so that no AWS_ variable, profile or instance role of the agent
// can have a say.
type Client struct {
	api   *sts.Client
	host  string
	now   func() time.Time
	known *foreign.Secrets
}

// New returns a client of the endpoint, whose requests are signed for region. What it
// quotes of an answer never shows a part of a known secret.
func New(transport http.RoundTripper, endpoint, host, region string, now func() time.Time, known *foreign.Secrets) Client {
	return Client{host: host, now: now, known: known, api: sts.New(sts.Options{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		HTTPClient:   doer{transport},
		Retryer:      aws.NopRetryer{},
		APIOptions:   []func(*middleware.Stack) error{namedHeadersOnly},
	})}
}

// Limits narrow a session: its length and its session policies.
type Limits struct {
	DurationSeconds int32
	Policy          string
	PolicyARNs      []string
}

// TokenRequest asks for a session of a role by a web identity token.
type TokenRequest struct {
	Role        iam.RoleARN
	SessionName string
	Token       secret.Value
	Limits      Limits
}

// AssumeWithToken calls AssumeRoleWithWebIdentity, unsigned. The call changes
// nothing in the account, so it may be repeated; the fault says whether that helps.
func (c Client) AssumeWithToken(ctx context.Context, r TokenRequest) (iam.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	ctx, call := watch(ctx)
	out, err := c.api.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          aws.String(r.Role.String()),
		RoleSessionName:  aws.String(r.SessionName),
		WebIdentityToken: aws.String(r.Token.Reveal()),
		DurationSeconds:  aws.Int32(r.Limits.DurationSeconds),
		Policy:           optional(r.Limits.Policy),
		PolicyArns:       descriptors(r.Limits.PolicyARNs),
	})
	if err != nil {
		return iam.Session{}, c.denial(call, err, false)
	}
	return c.session(call, out.Credentials, out.AssumedRoleUser, r.Role, r.SessionName)
}

// ChainRequest asks for a session of a second role by the first one's credentials.
type ChainRequest struct {
	Role              iam.RoleARN
	SessionName       string
	By                iam.Credentials
	Limits            Limits
	ExternalID        secret.Value
	Tags              []iam.Tag
	TransitiveTagKeys []string
	SourceIdentity    string
}

// Assume calls AssumeRole, signed by the first session's credentials.
func (c Client) Assume(ctx context.Context, r ChainRequest) (iam.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	ctx, call := watch(ctx)
	input := &sts.AssumeRoleInput{
		RoleArn:           aws.String(r.Role.String()),
		RoleSessionName:   aws.String(r.SessionName),
		DurationSeconds:   aws.Int32(r.Limits.DurationSeconds),
		Policy:            optional(r.Limits.Policy),
		PolicyArns:        descriptors(r.Limits.PolicyARNs),
		ExternalId:        optional(r.ExternalID.Reveal()),
		SourceIdentity:    optional(r.SourceIdentity),
		TransitiveTagKeys: r.TransitiveTagKeys,
	}
	for _, t := range r.Tags {
		input.Tags = append(input.Tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	out, err := c.api.AssumeRole(ctx, input, func(o *sts.Options) { o.Credentials = provider(r.By) })
	if err != nil {
		return iam.Session{}, c.denial(call, err, true)
	}
	return c.session(call, out.Credentials, out.AssumedRoleUser, r.Role, r.SessionName)
}

func provider(c iam.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{
			AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
		}, nil
	})
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}

func descriptors(arns []string) []types.PolicyDescriptorType {
	var out []types.PolicyDescriptorType
	for _, arn := range arns {
		out = append(out, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return out
}
