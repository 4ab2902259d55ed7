package webidentity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// TestSession takes one thing at a time out of a right answer.
func TestSession(t *testing.T) {
	t.Parallel()
	const right = "arn:aws:sts::111122223333:assumed-role/deploy/run"
	want := iam.RoleARN{Partition: "aws", Account: "111122223333", Path: "/path/", Name: "deploy"}
	for name, tt := range map[string]struct {
		change func(*types.Credentials, *types.AssumedRoleUser)
		code   fault.Code
	}{
		"right":           {func(*types.Credentials, *types.AssumedRoleUser) {}, ""},
		"no expiry":       {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.Expiration = nil }, fault.STSResponse},
		"no key id":       {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.AccessKeyId = nil }, fault.STSResponse},
		"empty token":     {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SessionToken = aws.String("") }, fault.STSResponse},
		"token, 2 lines":  {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SessionToken = aws.String("canary\nx") }, fault.STSResponse},
		"secret, Unicode": {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SecretAccessKey = aws.String("canary\u200b") }, fault.STSResponse},
		"no ARN":          {func(_ *types.Credentials, u *types.AssumedRoleUser) { u.Arn = nil }, fault.AccountMismatch},
		"partition":       {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "arn:aws:", "arn:aws-cn:") }, fault.AccountMismatch},
		"account":         {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "1111", "9999") }, fault.AccountMismatch},
		"role":            {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "deploy", "path/deploy") }, fault.AccountMismatch},
		"session":         {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "/run", "/other") }, fault.AccountMismatch},
		"role, by case":   {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "deploy", "Deploy") }, fault.AccountMismatch},
		"commands":        {func(_ *types.Credentials, u *types.AssumedRoleUser) { u.Arn = aws.String("##vso[x]\n##vso[y]") }, fault.AccountMismatch},
	} {
		expires := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		c := &types.Credentials{AccessKeyId: aws.String("ASIA"), SecretAccessKey: aws.String("canary-key"), SessionToken: aws.String("canary-token"), Expiration: &expires}
		u := &types.AssumedRoleUser{Arn: aws.String(right)}
		tt.change(c, u)
		got, err := Client{host: "sts.host", now: time.Now}.session(c, u, want, "run")
		d, denied := fault.As(err)
		if tt.code == "" && (err != nil || got.AssumedRoleARN != right || !got.Credentials.Expires.Equal(expires)) ||
			tt.code != "" && (!denied || d.Code != tt.code || d.Retry != fault.Never || got.AssumedRoleARN != "") {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if denied && (strings.Contains(fmt.Sprintf("%+v", d), "canary") || strings.Contains(d.Why, "\n")) {
			t.Errorf("%s: %s", name, d.Message())
		}
	}
	if _, err := (Client{}).session(nil, nil, want, "run"); err == nil {
		t.Error("nothing was accepted")
	}
}

func swap(u *types.AssumedRoleUser, old, now string) {
	u.Arn = aws.String(strings.Replace(*u.Arn, old, now, 1))
}
