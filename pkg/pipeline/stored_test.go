package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// fullPlan is the plan of a step that fills every input that goes together.
func fullPlan(t *testing.T, changes map[string]string) Plan {
	t.Helper()
	env := map[string]string{
		"ENDPOINT_URL_SYSTEMVSSCONNECTION":                        "https://dev.azure.com/org/",
		"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "canary-job",
		"SYSTEM_OIDCREQUESTURI":                                   "https://dev.azure.com/org/t", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/", "SYSTEM_TEAMPROJECTID": "p",
		"SYSTEM_HOSTTYPE": "build", "SYSTEM_PLANID": "l", "SYSTEM_JOBID": "j", "SYSTEM_STAGENAME": "prod", "BUILD_BUILDID": "42", "AGENT_TEMPDIRECTORY": "/tmp/x",
		"AGENT_PROXYURL": "http://proxy:3128", "AGENT_PROXYUSERNAME": "u", "SECRET_AGENT_PROXYPASSWORD": "canary-proxy", "AGENT_PROXYBYPASSLIST": `["a"]`,
		"NO_PROXY": "b", "AGENT_CAINFO": "/nowhere/ca.pem",
		"ENDPOINT_AUTH_SCHEME_" + connectionGUIDText:                            "WorkloadIdentityFederation",
		"ENDPOINT_AUTH_PARAMETER_" + connectionGUIDText + "_TENANTID":           connectionGUIDText,
		"ENDPOINT_AUTH_PARAMETER_" + connectionGUIDText + "_SERVICEPRINCIPALID": connectionGUIDText,
		"INPUT_CONNECTIONTYPE": "azureResourceManager", "INPUT_AZURESERVICECONNECTION": connectionGUIDText, "INPUT_ENTRAAUDIENCE": "api://a",
		"INPUT_ENVIRONMENTROLES": "prod = arn:aws:iam::111122223333:role/deploy", "INPUT_REGION": "eu-west-1", "INPUT_SESSIONPOLICY": "{}",
		"INPUT_SESSIONPOLICYARNS": "arn:aws:iam::aws:policy/A", "INPUT_CHAINROLEARN": "arn:aws:iam::111122223333:role/second", "INPUT_CHAINEXTERNALID": "canary-external",
		"INPUT_CHAINSESSIONTAGS": "a = b", "INPUT_CHAINTRANSITIVETAGKEYS": "a", "INPUT_CHAINSOURCEIDENTITY": "me", "INPUT_ALLOWEDACCOUNTIDS": "111122223333",
		"INPUT_REQUIREDCLAIMS": "def_id = 1", "INPUT_EXPORTAS": "both", "INPUT_PROFILENAME": "n", "INPUT_VARIABLEPREFIX": "P_", "INPUT_MASKACCOUNTID": "true",
		"INPUT_STSENDPOINT": "https://sts-fips.us-east-1.amazonaws.com", "INPUT_TIMEOUTSECONDS": "60", "INPUT_WAITFORPROPAGATION": "true",
	}
	maps.Copy(env, changes)
	step, err := Read(t.Context(), func(n string) (string, bool) { v, ok := env[n]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return step.Plan
}

// TestStoredPlanIsWhole compares every exported part after the round trip, so that
// a renewal does what the step did.
func TestStoredPlanIsWhole(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]map[string]string{
		"everything": nil,
		"one role": {
			"INPUT_CHAINROLEARN": "", "INPUT_CHAINEXTERNALID": "", "INPUT_CHAINSESSIONTAGS": "", "INPUT_CHAINTRANSITIVETAGKEYS": "",
			"INPUT_CHAINSOURCEIDENTITY": "", "INPUT_ENTRAAUDIENCE": "", "AGENT_PROXYURL": "",
		},
	} {
		p := fullPlan(t, changes)
		data, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodePlan(data)
		if err != nil {
			t.Fatal(err)
		}
		revealed := cmp.Comparer(func(a, b secret.Value) bool { return a.Reveal() == b.Reveal() })
		if diff := cmp.Diff(p, got, revealed, cmpopts.IgnoreUnexported(network.Config{})); diff != "" {
			t.Errorf("%s: the plan before (-) and after (+) the round trip:\n%s", name, diff)
		}
	}
}

// TestPlanHidesItsSecrets prints a plan in every ordinary way.
func TestPlanHidesItsSecrets(t *testing.T) {
	t.Parallel()
	p := fullPlan(t, nil)
	plain, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(plain), fmt.Sprintf("%v", p), fmt.Sprintf("%+v", p), fmt.Sprintf("%#v", p), fmt.Sprintf("%+v", p.Chain), p.Network.ProxyURL.String()} {
		if strings.Contains(text, "canary") {
			t.Errorf("secret in %s", text)
		}
	}
}
