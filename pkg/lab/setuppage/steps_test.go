package setuppage

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// TestStepsRun plays the YAML that the page offers, as it stands but for the address of
// the stand-in for AWS STS.
func TestStepsRun(t *testing.T) {
	t.Parallel()
	readExtension(t)
	program(t, "see https://nodejs.org/en/download", "node")
	program(t, "apt-get install awscli", "aws")
	for name, spec := range map[string]trustpolicy.Spec{
		"connection": {Identity: trustpolicy.ServiceConnection, Connection: "aws-prod"},
		"pipeline":   {Identity: trustpolicy.Pipeline, Pipeline: "deploy-infra"},
		"Entra":      {Identity: trustpolicy.EntraConnection, Connection: "azure-prod", ConnectionID: connectionID, TenantID: tenantID},
		"exchange": {
			Identity: trustpolicy.EntraExchange, Connection: "azure-prod", TenantID: tenantID,
			TokenVersion: "2", ClientID: clientID, ObjectID: objectID, Audience: audienceID,
		},
	} {
		spec.Account, spec.Partition, spec.Role = "111122223333", "aws", "deploy"
		spec.Org, spec.OrgID, spec.Project = "contoso-eng", orgID, "payments"
		role := setuppage.SetUp(setuppage.Form{Region: "eu-west-1", Spec: spec})
		if role.Steps == nil {
			t.Fatalf("%s: no steps, but problems: %v", name, role.Problems)
		}
		kinds := map[string]string{"check": role.Steps.Check}
		if spec.Identity == trustpolicy.ServiceConnection { // the scripts are the same for all
			kinds["profile"], kinds["variables"] = role.Steps.Profile, role.Steps.Variables
		}
		for kind, steps := range kinds {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				log := play(t, steps)
				if caller := "assumed-role/deploy/"; kind != "check" && !strings.Contains(log, caller) {
					t.Errorf("the script is not called as the role:\n%s", log)
				}
			})
		}
	}
}

// play runs steps as one job and returns its log.
func play(t *testing.T, steps string) string {
	t.Helper()
	steps = strings.Replace(steps, "    roleArn:", "    stsEndpoint: $(sandbox.stsEndpoint)\n    roleArn:", 1)
	job := filepath.Join(t.TempDir(), "job.yml")
	if err := os.WriteFile(job, []byte("steps:\n"+steps), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args := []string{job, "--vsix", os.Getenv("AAR_VSIX"), "--proxy"} // which also leads to the stand-in for Entra
	if status := miniagent.Main(t.Context(), args, os.LookupEnv, &stdout, &stderr); status != 0 {
		t.Errorf("the job ends with %d: %s\n%s", status, stderr.String(), stdout.String())
	}
	return stdout.String()
}
