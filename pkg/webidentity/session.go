package webidentity

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// assumedRole is the shape of a role session's ARN (IAM identifiers, IAM User Guide).
var assumedRole = pattern.Lazy(`^arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([\w+=,.@-]+)/([\w+=,.@-]+)$`)

// session checks STS's answer: all parts there, and of the role that was asked
// for. Half an answer is no answer.
func (c Client) session(got *types.Credentials, user *types.AssumedRoleUser, want Role, name string) (Session, error) {
	if got == nil || user == nil || got.Expiration == nil || !usable(got.AccessKeyId) || !usable(got.SecretAccessKey) || !usable(got.SessionToken) {
		return Session{}, &fault.Fault{
			Code: fault.STSResponse, Summary: "the answer of " + c.host + " is incomplete",
			Why: "an answer of AWS STS holds a key id, a secret, a session token, an expiry and the ARN of the session.",
		}
	}
	arn := aws.ToString(user.Arn)
	m := assumedRole().FindStringSubmatch(arn)
	if m == nil || m[1] != want.Partition || m[2] != want.Account || m[3] != want.Name || m[4] != name {
		return Session{}, &fault.Fault{
			Code:    fault.AccountMismatch,
			Summary: "the answer of " + c.host + " is for another account, role or session than the one asked for",
			Why:     "asked for a session " + name + " of " + want.ARN + ", got " + network.Clip(arn),
		}
	}
	return Session{AssumedRoleARN: arn, Credentials: Credentials{
		AccessKeyID:     *got.AccessKeyId,
		SecretAccessKey: secret.New(*got.SecretAccessKey),
		SessionToken:    secret.New(*got.SessionToken),
		Expires:         *got.Expiration,
	}}, nil
}

// usable tells whether a credential is there and is printable ASCII without
// spaces, as all of AWS's are.
func usable(s *string) bool {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	return s != nil && *s != "" && !strings.ContainsFunc(*s, odd)
}
