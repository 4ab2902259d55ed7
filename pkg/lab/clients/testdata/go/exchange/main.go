// Command exchange does what a pipeline would do without the task: it asks Azure DevOps
// for the token of a service connection and AWS STS for credentials, with the SDK's
// default configuration, and sets them as variables of the job.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	var client aws.HTTPClient = http.DefaultClient
	if cfg.HTTPClient != nil { // AWS_CA_BUNDLE names authorities
		client = cfg.HTTPClient
	}
	token, err := pipelineToken(ctx, client)
	if err != nil {
		return err
	}
	answer, err := sts.NewFromConfig(cfg).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(os.Getenv("ROLE_ARN")), RoleSessionName: aws.String("bench"), WebIdentityToken: aws.String(token),
	})
	if err != nil {
		return err
	}
	for name, value := range map[string]*string{
		"AWS_ACCESS_KEY_ID": answer.Credentials.AccessKeyId, "AWS_SECRET_ACCESS_KEY": answer.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN": answer.Credentials.SessionToken,
	} {
		fmt.Printf("##vso[task.setvariable variable=%s;issecret=true]%s\n", name, *value)
	}
	return nil
}

func pipelineToken(ctx context.Context, client aws.HTTPClient) (string, error) {
	address := os.Getenv("SYSTEM_OIDCREQUESTURI") + "?api-version=7.1&serviceConnectionId=" + os.Getenv("CONNECTION")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SYSTEM_ACCESSTOKEN"))
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct{ OIDCToken string }
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer.OIDCToken, err
}
