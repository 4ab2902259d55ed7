package pipeline

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

func TestPlanRoundTrip(t *testing.T) {
	t.Parallel()
	p := Plan{Network: network.Config{ProxyUser: "u", ProxyPassword: secret.New("canary-proxy")}}
	p.Job.JobToken = secret.New("canary-job")
	p.Job.SystemURL = "https://dev.azure.com/org/"
	p.Role.ARN = iam.RoleARN{Partition: "aws", Account: "111122223333", Path: "/", Name: "deploy"}
	p.Chain = &Chain{ExternalID: secret.New("canary-id"), SourceIdentity: "s"}
	if plain, err := json.Marshal(p); err != nil || strings.Contains(string(plain), "canary") {
		t.Errorf("ordinary JSON holds a secret: %s %v", plain, err)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodePlan(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"job token":      {got.Job.JobToken.Reveal(), "canary-job"},
		"proxy password": {got.Network.ProxyPassword.Reveal(), "canary-proxy"},
		"external id":    {got.Chain.ExternalID.Reveal(), "canary-id"},
		"system URL":     {got.Job.SystemURL, p.Job.SystemURL},
	} {
		if pair[0] != pair[1] {
			t.Errorf("the %s is %q after the round trip, want %q", name, pair[0], pair[1])
		}
	}
	for _, bad := range []string{string(data[:len(data)-2]), "", "null", "{}", `{"JobToken":"canary-job"}`} {
		if _, err := DecodePlan([]byte(bad)); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("a plan that begins with %.20q: error %v, want one without its secrets", bad, err)
		}
	}
}
