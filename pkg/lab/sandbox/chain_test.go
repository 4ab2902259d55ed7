package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
)

type issued struct {
	AccessKeyID     string    `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
	SecretAccessKey string    `xml:"AssumeRoleWithWebIdentityResult>Credentials>SecretAccessKey"`
	SessionToken    string    `xml:"AssumeRoleWithWebIdentityResult>Credentials>SessionToken"`
	Expiration      time.Time `xml:"AssumeRoleWithWebIdentityResult>Credentials>Expiration"`
	ARN             string    `xml:"AssumeRoleWithWebIdentityResult>AssumedRoleUser>Arn"`
	Audience        string    `xml:"AssumeRoleWithWebIdentityResult>Audience"`
	Provider        string    `xml:"AssumeRoleWithWebIdentityResult>Provider"`
}

func (i issued) credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: i.AccessKeyID, SecretAccessKey: i.SecretAccessKey, SessionToken: i.SessionToken}
}

// assume assumes a role with the token of connection aws-prod.
func assume(t *testing.T, s *Sandbox, role string, more ...string) issued {
	t.Helper()
	got := webIdentity(t, s, token(t, s, connectionID(t, "aws-prod")), role, more...)
	contain(t, got, http.StatusOK)
	var out issued
	if err := xml.Unmarshal([]byte(got.body), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// client is the real SDK's client for the sandbox's STS.
func client(s *Sandbox, creds aws.Credentials, region string) *sts.Client {
	return sts.New(sts.Options{
		Region: region, BaseEndpoint: aws.String(s.STSURL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil }),
	})
}

// code is AWS's code in an error, "ok" for none.
func code(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return err.Error()
}

func sdkWorld() Config {
	cfg := Default()
	cfg.UserAgent = "." // the SDK names itself
	cfg.Region = "eu-west-1"
	return cfg
}

func TestCallerIdentity(t *testing.T) {
	t.Parallel()
	s := start(t, sdkWorld())
	good := assume(t, s, "deploy").credentials()
	changed := func(change func(*aws.Credentials)) aws.Credentials {
		c := good
		change(&c)
		return c
	}
	for name, tc := range map[string]struct {
		creds  aws.Credentials
		region string
		want   string
	}{
		"good":          {good, "eu-west-1", "ok"},
		"wrong secret":  {changed(func(c *aws.Credentials) { c.SecretAccessKey += "x" }), "eu-west-1", "SignatureDoesNotMatch"},
		"wrong session": {changed(func(c *aws.Credentials) { c.SessionToken += "x" }), "eu-west-1", "InvalidClientTokenId"},
		"no session":    {changed(func(c *aws.Credentials) { c.SessionToken = "" }), "eu-west-1", "InvalidClientTokenId"},
		"unknown key":   {changed(func(c *aws.Credentials) { c.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA" }), "eu-west-1", "InvalidClientTokenId"},
		"wrong region":  {good, "us-east-1", "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := client(s, tc.creds, tc.region).GetCallerIdentity(t.Context(), nil)
			if got := code(err); got != tc.want {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
			if err == nil && aws.ToString(out.Arn) != "arn:aws:sts::111122223333:assumed-role/deploy/payments-98765" {
				t.Errorf("arn %s", aws.ToString(out.Arn))
			}
		})
	}
}

// TestSigner checks signatures of the SDK's signer on requests that its own
// client does not make: extra signed headers with inner spaces, a query.
func TestSigner(t *testing.T) {
	t.Parallel()
	s := start(t, sdkWorld())
	creds := assume(t, s, "deploy").credentials()
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	sum := sha256.Sum256([]byte(body))
	for name, tc := range map[string]struct {
		service, query string
		at             time.Time
		tamper         func(*http.Request)
		want           int
	}{
		"good":           {service: "sts", want: 200},
		"query":          {service: "sts", query: "?b=x%20y&a=%2F&a=1", want: 200},
		"other service":  {service: "s3", want: 403},
		"old":            {service: "sts", at: time.Now().Add(-16 * time.Minute), want: 403},
		"changed header": {service: "sts", tamper: func(r *http.Request) { r.Header.Set("X-Amz-Meta", "b") }, want: 403},
		"unsigned":       {service: "sts", tamper: func(r *http.Request) { r.Header.Del("Authorization") }, want: 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(t, http.MethodPost, s.STSURL+"/"+tc.query, body)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Amz-Meta", "  a   b ")
			if tc.at.IsZero() {
				tc.at = time.Now()
			}
			if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hex.EncodeToString(sum[:]), tc.service, "eu-west-1", tc.at); err != nil {
				t.Fatal(err)
			}
			if tc.tamper != nil {
				tc.tamper(r)
			}
			contain(t, send(t, direct(t), r), tc.want)
		})
	}
}

// TestUnsignedHeaders wants a good signature over too few headers to be refused.
func TestUnsignedHeaders(t *testing.T) {
	t.Parallel()
	s := start(t, sdkWorld())
	creds := assume(t, s, "deploy").credentials()
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	for headers, want := range map[string]int{"host;x-amz-date": 403, "host;x-amz-date;x-amz-security-token": 200} {
		now := time.Now().UTC()
		r := request(t, http.MethodPost, s.STSURL+"/", body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
		r.Header.Set("X-Amz-Security-Token", creds.SessionToken)
		sig := signature{date: now.Format("20060102"), region: "eu-west-1", service: "sts", headers: strings.Split(headers, ";")}
		value := sig.compute(&call{Request: r, body: []byte(body)}, creds.SecretAccessKey)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+creds.AccessKeyID+"/"+sig.date+
			"/eu-west-1/sts/aws4_request, SignedHeaders="+headers+", Signature="+value)
		contain(t, send(t, direct(t), r), want)
	}
}

func TestExpiredSession(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	cfg := sdkWorld()
	cfg.SessionSeconds = 1
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	s := start(t, cfg)
	creds := assume(t, s, "deploy").credentials()
	later.Store(int64(2 * time.Second))
	if _, err := client(s, creds, "eu-west-1").GetCallerIdentity(t.Context(), nil); code(err) != "ExpiredToken" {
		t.Errorf("got %s", code(err))
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	s := start(t, sdkWorld())
	first := client(s, assume(t, s, "deploy").credentials(), "eu-west-1")
	tags := func(pairs ...string) []types.Tag {
		var list []types.Tag
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, types.Tag{Key: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
		}
		return list
	}
	many := make([]string, 0, 102)
	for i := range 51 {
		many = append(many, fmt.Sprintf("key%d", i), "v")
	}
	for name, tc := range map[string]struct {
		in   sts.AssumeRoleInput
		want string
	}{
		"plain":                {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second"))}, "ok"},
		"tags":                 {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second")), Tags: tags("team", "a b"), TransitiveTagKeys: []string{"team"}}, "ok"},
		"source identity":      {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second")), SourceIdentity: aws.String("ado")}, "ok"},
		"external id":          {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second-external")), ExternalId: aws.String("contoso-42")}, "ok"},
		"wrong external id":    {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second-external")), ExternalId: aws.String("contoso-43")}, "AccessDenied"},
		"no external id":       {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second-external"))}, "AccessDenied"},
		"tags not allowed":     {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second-external")), ExternalId: aws.String("contoso-42"), Tags: tags("a", "b")}, "AccessDenied"},
		"identity not allowed": {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second-external")), ExternalId: aws.String("contoso-42"), SourceIdentity: aws.String("ado")}, "AccessDenied"},
		"no trust":             {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("short"))}, "AccessDenied"},
		"unknown role":         {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("nobody"))}, "AccessDenied"},
		"same key twice":       {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second")), Tags: tags("Team", "a", "team", "b")}, "ValidationError"},
		"too many tags":        {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second")), Tags: tags(many...)}, "ValidationError"},
		"foreign transitive":   {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second")), Tags: tags("a", "b"), TransitiveTagKeys: []string{"c"}}, "InvalidParameterValue"},
		"more than an hour":    {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second")), DurationSeconds: aws.Int32(3601)}, "ValidationError"},
		"bad source identity":  {sts.AssumeRoleInput{RoleArn: aws.String(roleARN("second")), SourceIdentity: aws.String("a b")}, "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.in.RoleSessionName = aws.String("payments-98765")
			out, err := first.AssumeRole(t.Context(), &tc.in)
			if got := code(err); got != tc.want {
				t.Fatalf("got %s, want %s (%v)", got, tc.want, err)
			}
			if err == nil && !strings.Contains(aws.ToString(out.AssumedRoleUser.Arn), ":assumed-role/second") {
				t.Errorf("arn %s", aws.ToString(out.AssumedRoleUser.Arn))
			}
		})
	}
}

func TestIssuedCredentials(t *testing.T) {
	t.Parallel()
	cfg := sdkWorld()
	cfg.SessionSeconds = 900
	s := start(t, cfg)
	got := assume(t, s, "deploy", "DurationSeconds", "7200", "MinimumSessionTokenSize", "4096")
	c := got.credentials()
	if !strings.HasPrefix(c.AccessKeyID, "ASIA") || len(c.AccessKeyID) != 20 {
		t.Errorf("access key id of %d characters", len(c.AccessKeyID))
	}
	if n := len(c.SecretAccessKey); n != 40 {
		t.Errorf("the secret key has %d characters, want 40", n)
	}
	if !strings.ContainsRune(c.SecretAccessKey, '/') || !strings.ContainsRune(c.SecretAccessKey, '+') {
		t.Error("the secret key holds no / or no +")
	}
	if len(c.SessionToken) < 4096 {
		t.Errorf("session token of %d characters", len(c.SessionToken))
	}
	if left := time.Until(got.Expiration); left > 900*time.Second || left < 800*time.Second {
		t.Errorf("expires in %s, want the shorter life", left)
	}
	if _, kept := s.Requests(LegSTS)[0].Parameters["WebIdentityToken"]; kept {
		t.Error("the token was recorded")
	}
}
