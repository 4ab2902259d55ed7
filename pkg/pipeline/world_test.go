package pipeline

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// TestEndpointsOfPartitions gives the role's partition and wants the region that
// requests are signed for, or a refusal.
func TestEndpointsOfPartitions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		partition   iam.Partition
		given, want string
	}{
		{"aws-cn", "https://sts.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"},
		{"aws-cn", "https://sts.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"},
		{"aws-cn", "https://sts.cn-north-1.amazonaws.com", ""},
		{"aws-cn", "https://sts.amazonaws.com", ""},
		{"aws-us-gov", "https://sts.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
		{"aws-us-gov", "https://sts-fips.us-gov-east-1.api.aws", "us-gov-east-1"},
		{"aws-us-gov", "https://sts.us-east-1.amazonaws.com", ""},
		{"aws-us-gov", "https://sts.amazonaws.com", ""},
		{"aws-eusc", "https://sts.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"},
		{"aws-eusc", "https://sts.eusc-de-east-1.api.amazonwebservices.eu", "eusc-de-east-1"},
		{"aws-eusc", "https://sts.eusc-de-east-1.amazonaws.com", ""},
		{"aws", "https://vpce-1-a.sts.cn-north-1.vpce.amazonaws.com.cn", ""},
		{"aws", "https://vpce-1.sts.eu-west-1.vpce.amazonaws.com.", ""},
		{"aws", "https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com", ""},
		{"aws", "https://sts.eu-west-1.vpce.amazonaws.com", ""},
		{"aws", "https://xsts.eu-west-1.amazonaws.com", ""},
		{"aws", "https://sts.eu-west-1.amazonaws.com#", "eu-west-1"},
		{"aws", "https://sts.eu-west-1.amazonaws.com/#x", ""},
		{"aws", "https://sts.eu-west-1.amazonaws.com//", ""},
		{"aws", "https://sts.iso.amazonaws.com", ""},
		{"aws", "http://127.0.0.1.nip.io", ""},
		{"aws", "http://[::ffff:127.0.0.1]:80", ""},
		{"aws", "ftp://localhost", ""},
		{"", "https://sts.eu-west-1.amazonaws.com", "eu-west-1"}, // the role is another problem
		{"", "https://sts.eu-west-1.evil.org", ""},
		{"", "https://sts.amazonaws.com", "us-east-1"},
	} {
		p := &problems{}
		got := stsEndpoint(tt.given, iam.RoleARN{Partition: tt.partition}, "eu-west-1", p)
		if (len(p.lines) == 0) != (tt.want != "") {
			t.Errorf("%s for %q: problems %q, want them: %v", tt.given, tt.partition, p.lines, tt.want == "")
		}
		if tt.want != "" && got.SigningRegion != tt.want {
			t.Errorf("%s for %q signs for %q, want %q", tt.given, tt.partition, got.SigningRegion, tt.want)
		}
	}
}

// TestEnvironmentNeedsABuild: a release knows no Environment.Name.
func TestEnvironmentNeedsABuild(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]EnvironmentName{
		"build":      {"a", "Environment.Name"},
		"release":    {"b", "Release.EnvironmentName"},
		"deployment": {"b", "Release.EnvironmentName"},
		"gates":      {"c", "System.StageName"},
	} {
		lookup := environment(map[string]string{
			"ENVIRONMENT_NAME": "a", "VSTS_PUBLIC_VARIABLES": `["environment.name"]`, "RELEASE_ENVIRONMENTNAME": "b", "SYSTEM_STAGENAME": "c",
		})
		if got := environmentName(Inputs{}, job{Job: Job{HostType: host}}, lookup); got != want {
			t.Errorf("%s: %+v, want %+v", host, got, want)
		}
	}
}

// TestAnyTextIsAnswered fills inputs with anything: never a panic, never a line
// that could be taken for another one's, never the job token.
func TestAnyTextIsAnswered(t *testing.T) {
	t.Parallel()
	names := Inputs{}.all()
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"true", "a = b", "arn:aws:iam::111122223333:role/x", "$(x)", "##vso[task.complete]", "none", "azureDevOps", "profile", "api://x", "{}", "0", "\u2028#",
		"https://[::1", "http://localhost:%zz", connectionGUIDText,
	}))
	rapid.Check(t, func(t *rapid.T) {
		changes := map[string]string{}
		for range rapid.IntRange(1, 6).Draw(t, "inputs") {
			name := names[rapid.IntRange(0, len(names)-1).Draw(t, "input")].name
			changes["INPUT_"+strings.ToUpper(name)] = text.Draw(t, name)
		}
		lookup := environment(changes)
		_, err := Read(t.Context(), lookup)
		if err == nil {
			return
		}
		f, ok := fault.As(err)
		if !ok || f.Code != fault.Input {
			t.Fatalf("the error is %v, want %s", err, fault.Input)
		}
		if strings.Contains(f.Message(), canary) {
			t.Fatalf("the job token is quoted: %s", f.Message())
		}
		for line := range strings.SplitSeq(f.Why, "\n") {
			name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			known := slices.ContainsFunc(names, func(f field) bool { return f.name == name })
			if !known || strings.ContainsAny(line, "\r\u2028\u2029") {
				t.Fatalf("%q is not one line of an input", line)
			}
		}
	})
}
