package webidentity

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// session checks STS's answer: all parts there, and of the role that was asked
// for. Half an answer is no answer.
func (c Client) session(call *call, got *types.Credentials, user *types.AssumedRoleUser, want iam.RoleARN, name string) (iam.Session, error) {
	c.learn(got)
	if status := call.answer.StatusCode; status != http.StatusOK {
		return iam.Session{}, c.found(call, c.malformed("it has the status "+strconv.Itoa(status)+" instead of 200"))
	}
	if why := unusable(got, user); why != "" {
		return iam.Session{}, c.found(call, &fault.Fault{
			Code: fault.STSResponse, Summary: "the answer of " + c.host + " cannot be used", Why: why,
		})
	}
	arn := aws.ToString(user.Arn)
	if !want.SessionOf(arn, name) {
		return iam.Session{}, c.found(call, &fault.Fault{
			Code:    fault.AccountMismatch,
			Summary: "the answer of " + c.host + " is for another account, role or session than the one asked for",
			Why:     "asked for a session of " + want.String() + " with the step's session name, got " + c.known.Quote(arn),
		})
	}
	s := iam.Session{AssumedRoleARN: arn, Credentials: iam.Credentials{
		AccessKeyID:     *got.AccessKeyId,
		SecretAccessKey: secret.New(*got.SecretAccessKey),
		SessionToken:    secret.New(*got.SessionToken),
		Issued:          c.now(),
		Expires:         *got.Expiration,
	}}
	s.RequestID = c.known.Quote(call.answer.Header.Get(requestIDHeader))
	return s, nil
}

// learn keeps the credentials of an answer out of whatever is quoted of it, also when the
// answer is refused.
func (c Client) learn(got *types.Credentials) {
	if got != nil {
		c.known.Add(secret.New(aws.ToString(got.AccessKeyId)), secret.New(aws.ToString(got.SecretAccessKey)), secret.New(aws.ToString(got.SessionToken)))
	}
}

// found adds to a fault which answer it was found in.
func (c Client) found(call *call, f *fault.Fault) error {
	f.Details = c.details(call.answer, nil)
	return f
}

// unusable says what is wrong with an answer; empty when every part is there and a
// credential could look like it.
func unusable(got *types.Credentials, user *types.AssumedRoleUser) string {
	var absent, odd []string
	if got == nil {
		got = &types.Credentials{}
	}
	for _, part := range []struct {
		name  string
		value *string
	}{{"AccessKeyId", got.AccessKeyId}, {"SecretAccessKey", got.SecretAccessKey}, {"SessionToken", got.SessionToken}} {
		switch value := aws.ToString(part.value); {
		case value == "":
			absent = append(absent, part.name)
		case strings.ContainsFunc(value, notPrintable):
			odd = append(odd, part.name)
		}
	}
	if got.Expiration == nil {
		absent = append(absent, "Expiration")
	}
	if user == nil || aws.ToString(user.Arn) == "" {
		absent = append(absent, "Arn")
	}
	switch {
	case len(absent) > 0:
		return "it is incomplete: it holds no " + strings.Join(absent, ", no ") + "."
	case len(odd) > 0:
		return "a character that no credential has (a control character, a space or one outside ASCII) is in its " + strings.Join(odd, " and ") + "."
	}
	return ""
}

// notPrintable reports whether a character is in no credential: all of AWS's are
// printable ASCII without spaces.
func notPrintable(r rune) bool { return r <= ' ' || r > '~' }
