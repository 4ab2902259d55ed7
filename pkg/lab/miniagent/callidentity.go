package miniagent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// CallIdentity is the command `pipeline-sandbox call-identity`: it stands in for
// `aws sts get-caller-identity` where the AWS CLI is missing. It signs the request
// with the credentials that AWS tools would take, those of the environment before
// those of the profile, and prints the ARN that answers. It asks the endpoint of
// AWS_ENDPOINT_URL_STS only and returns 0, or 1 with a message on stderr.
func CallIdentity(ctx context.Context, env func(string) (string, bool), stdout, stderr io.Writer) int {
	arn, err := callerARN(ctx, env)
	if err != nil {
		fmt.Fprintln(stderr, "pipeline-sandbox:", err)
		return 1
	}
	fmt.Fprintln(stdout, arn)
	return 0
}

var (
	errNoEndpoint    = errors.New("AWS_ENDPOINT_URL_STS is not set")
	errNoCredentials = errors.New("there are neither credentials in the environment nor a profile with a credential_process")
)

func callerARN(ctx context.Context, env func(string) (string, bool)) (string, error) {
	endpoint, _ := env("AWS_ENDPOINT_URL_STS")
	if endpoint == "" {
		return "", errNoEndpoint
	}
	region, _ := env("AWS_REGION")
	client := sts.New(sts.Options{
		BaseEndpoint: &endpoint, Region: region, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) { return toolCredentials(ctx, env) }),
	})
	out, err := client.GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("asking who calls: %w", err)
	}
	return aws.ToString(out.Arn), nil
}

// toolCredentials are those that AWS tools take: variables win over a profile.
func toolCredentials(ctx context.Context, env func(string) (string, bool)) (aws.Credentials, error) {
	var c aws.Credentials
	c.AccessKeyID, _ = env("AWS_ACCESS_KEY_ID")
	c.SecretAccessKey, _ = env("AWS_SECRET_ACCESS_KEY")
	c.SessionToken, _ = env("AWS_SESSION_TOKEN")
	if c.HasKeys() {
		return c, nil
	}
	file, _ := env("AWS_CONFIG_FILE")
	profile, _ := env("AWS_PROFILE")
	data, err := os.ReadFile(file)
	if err != nil {
		return c, errors.Join(errNoCredentials, err)
	}
	line := credentialProcess(string(data), profile)
	if line == "" {
		return c, errNoCredentials
	}
	return processCredentials(ctx, line)
}

// credentialProcess is the command of a profile of an AWS config file; empty when it
// has none. An empty profile is the default one.
func credentialProcess(config, profile string) string {
	heading := "[profile " + profile + "]"
	if profile == "" || profile == "default" {
		heading = "[default]"
	}
	inside := false
	for line := range strings.Lines(config) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "["):
			inside = line == heading
		case inside && strings.TrimSpace(key) == "credential_process":
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// processCredentials runs a credential_process and reads its document, Version 1
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html).
func processCredentials(ctx context.Context, line string) (aws.Credentials, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	out, err := cmd.Output()
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("running credential_process: %w", err)
	}
	var document struct {
		Version                                    int
		AccessKeyId, SecretAccessKey, SessionToken string
	}
	if json.Unmarshal(out, &document) != nil || document.Version != 1 {
		return aws.Credentials{}, errors.New("credential_process did not answer with a document of version 1")
	}
	return aws.Credentials{AccessKeyID: document.AccessKeyId, SecretAccessKey: document.SecretAccessKey, SessionToken: document.SessionToken}, nil
}
