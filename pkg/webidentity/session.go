package webidentity

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// session checks STS's answer: all parts there, and of the role that was asked
// for. Half an answer is no answer.
func (c Client) session(got *types.Credentials, user *types.AssumedRoleUser, want iam.RoleARN, name string) (iam.Session, error) {
	if got == nil || user == nil || got.Expiration == nil || !usable(got.AccessKeyId) || !usable(got.SecretAccessKey) || !usable(got.SessionToken) {
		return iam.Session{}, &fault.Fault{
			Code: fault.STSResponse, Summary: "the answer of " + c.host + " is incomplete",
			Why: "an answer of AWS STS holds a key id, a secret, a session token, an expiry and the ARN of the session.",
		}
	}
	arn := aws.ToString(user.Arn)
	if !want.SessionOf(arn, name) {
		return iam.Session{}, &fault.Fault{
			Code:    fault.AccountMismatch,
			Summary: "the answer of " + c.host + " is for another account, role or session than the one asked for",
			Why:     "asked for a session " + name + " of " + want.String() + ", got " + network.Clip(arn),
		}
	}
	return iam.Session{AssumedRoleARN: arn, Credentials: iam.Credentials{
		AccessKeyID:     *got.AccessKeyId,
		SecretAccessKey: secret.New(*got.SecretAccessKey),
		SessionToken:    secret.New(*got.SessionToken),
		Issued:          c.now(),
		Expires:         *got.Expiration,
	}}, nil
}

// usable reports whether a credential is there and is printable ASCII without
// spaces, as all of AWS's are.
func usable(s *string) bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	return s != nil && *s != "" && !strings.ContainsFunc(*s, odd)
}
