package webidentity

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
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
		why    string
	}{
		"right":           {func(*types.Credentials, *types.AssumedRoleUser) {}, "", ""},
		"no expiry":       {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.Expiration = nil }, fault.STSResponse, "it holds no Expiration."},
		"no key id":       {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.AccessKeyId = nil }, fault.STSResponse, "it holds no AccessKeyId."},
		"empty token":     {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SessionToken = aws.String("") }, fault.STSResponse, "it holds no SessionToken."},
		"token, 2 lines":  {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SessionToken = aws.String("canary\nx") }, fault.STSResponse, "a character that no credential has (a control character, a space or one outside ASCII) is in its SessionToken."},
		"token, a space":  {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SessionToken = aws.String("canary x") }, fault.STSResponse, "is in its SessionToken."},
		"key id, DEL":     {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.AccessKeyId = aws.String("canary\x7f") }, fault.STSResponse, "is in its AccessKeyId."},
		"all of ASCII":    {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SessionToken = aws.String("!~") }, "", ""},
		"secret, Unicode": {func(c *types.Credentials, _ *types.AssumedRoleUser) { c.SecretAccessKey = aws.String("canary\u200b") }, fault.STSResponse, "is in its SecretAccessKey."},
		"no ARN":          {func(_ *types.Credentials, u *types.AssumedRoleUser) { u.Arn = nil }, fault.STSResponse, "it holds no Arn."},
		"partition":       {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "arn:aws:", "arn:aws-cn:") }, fault.AccountMismatch, "asked for a session of arn:aws:iam::111122223333:role/path/deploy with the step's session name, got "},
		"account":         {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "1111", "9999") }, fault.AccountMismatch, "asked for a session of arn:aws:iam::111122223333:role/path/deploy with the step's session name, got "},
		"role":            {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "deploy", "path/deploy") }, fault.AccountMismatch, "asked for a session of arn:aws:iam::111122223333:role/path/deploy with the step's session name, got "},
		"session":         {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "/run", "/other") }, fault.AccountMismatch, "asked for a session of arn:aws:iam::111122223333:role/path/deploy with the step's session name, got "},
		"role, by case":   {func(_ *types.Credentials, u *types.AssumedRoleUser) { swap(u, "deploy", "Deploy") }, fault.AccountMismatch, "asked for a session of arn:aws:iam::111122223333:role/path/deploy with the step's session name, got "},
		"commands":        {func(_ *types.Credentials, u *types.AssumedRoleUser) { u.Arn = aws.String("##vso[x]\n##vso[y]") }, fault.AccountMismatch, "asked for a session of arn:aws:iam::111122223333:role/path/deploy with the step's session name, got "},
	} {
		expires := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		c := &types.Credentials{AccessKeyId: aws.String("ASIA"), SecretAccessKey: aws.String("canary-key"), SessionToken: aws.String("canary-token"), Expiration: &expires}
		u := &types.AssumedRoleUser{Arn: aws.String(right)}
		tt.change(c, u)
		answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"X-Amzn-Requestid": {"r-7"}}}
		got, err := Client{host: "sts.host", now: time.Now, known: &foreign.Secrets{}}.session(&call{answer: answer}, c, u, want, "run")
		d, denied := fault.As(err)
		if tt.code == "" {
			if err != nil {
				t.Fatalf("%s: the answer is refused: %v", name, err)
			}
			if got.AssumedRoleARN != right || !got.Credentials.Expires.Equal(expires) {
				t.Errorf("%s: the session is %+v", name, got)
			}
		} else if !denied || d.Code != tt.code {
			t.Fatalf("%s: error %v, want %s", name, err, tt.code)
		} else if d.Retry != fault.Never || got.AssumedRoleARN != "" {
			t.Errorf("%s: retry %d, session %+v, want neither", name, d.Retry, got)
		}
		if denied && !strings.Contains(d.Why, tt.why) {
			t.Errorf("%s: %q lacks %q", name, d.Why, tt.why)
		}
		if denied && cmp.Diff([]string{"HTTP status: 200", "request id: r-7"}, d.Details) != "" {
			t.Errorf("%s: details %q", name, d.Details)
		}
		if !denied && got.RequestID != "r-7" {
			t.Errorf("%s: request id %q", name, got.RequestID)
		}
		if !denied {
			continue
		}
		if strings.Contains(fmt.Sprintf("%+v", d), "canary") {
			t.Errorf("%s: a secret is quoted: %s", name, d.Message())
		}
		if strings.Contains(d.Why, "\n") {
			t.Errorf("%s: the reason has several lines: %s", name, d.Message())
		}
	}
	if _, err := (Client{}).session(&call{answer: &http.Response{StatusCode: http.StatusOK}}, nil, nil, want, "run"); !isFault(err, fault.STSResponse) {
		t.Errorf("nothing was accepted: %v", err)
	}
}

func isFault(err error, code fault.Code) bool {
	f, ok := fault.As(err)
	return ok && f.Code == code
}

// TestRefusedAnswer: an answer of another status is refused, and nothing that is quoted of
// a refused one shows its credentials.
func TestRefusedAnswer(t *testing.T) {
	t.Parallel()
	const key, token, id = "c4n4rySecretAccessKey/1234", "c4n4rySessionToken1234567890", "ASIAC4N4RYKEYID00000"
	for name, tt := range map[string]struct {
		status  int
		arn, id string
	}{
		"created":     {http.StatusCreated, "arn:aws:sts::111122223333:assumed-role/deploy/run", token},
		"in the ARN":  {http.StatusOK, "arn:aws:sts::111122223333:assumed-role/" + key + "/" + token, "r-7"},
		"in the id":   {http.StatusOK, "arn:aws:sts::999999999999:assumed-role/deploy/run", "r " + key + " " + id},
		"in no field": {http.StatusOK, "", key},
	} {
		expires := time.Now().Add(time.Hour)
		c := &types.Credentials{AccessKeyId: aws.String(id), SecretAccessKey: aws.String(key), SessionToken: aws.String(token), Expiration: &expires}
		answer := &http.Response{StatusCode: tt.status, Header: http.Header{"X-Amzn-Requestid": {tt.id}}}
		_, err := Client{host: "sts.host", now: time.Now, known: &foreign.Secrets{}}.session(
			&call{answer: answer}, c, &types.AssumedRoleUser{Arn: aws.String(tt.arn)}, iam.RoleARN{Partition: "aws", Account: "111122223333", Path: "/", Name: "deploy"}, "run")
		f, ok := fault.As(err)
		if !ok {
			t.Errorf("%s: the answer is accepted: %v", name, err)
			continue
		}
		if said := strings.ToLower(f.Message()); strings.Contains(said, "c4n4ry") {
			t.Errorf("%s: a credential is shown: %s", name, f.Message())
		}
	}
}

func swap(u *types.AssumedRoleUser, old, now string) {
	u.Arn = aws.String(strings.Replace(*u.Arn, old, now, 1))
}
