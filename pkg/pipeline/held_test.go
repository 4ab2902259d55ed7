package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func heldOf(env map[string]string) Held {
	return Lookup(func(name string) (string, bool) { v, ok := env[name]; return v, ok }).Held()
}

// What the environment holds is found under the key that a name becomes.
func TestHeldValues(t *testing.T) {
	t.Parallel()
	h := heldOf(map[string]string{"AWS_REGION": "eu-west-1", "AWS_PROFILE": "", "SECRET_MY_KEY": "canary"})
	if got := h.Value("aws.region"); got != "eu-west-1" {
		t.Errorf("the value is %q", got)
	}
	for name, want := range map[string]bool{"AWS.Profile": true, "AWS_REGION": false, "ABSENT": false} {
		if got := h.Empty(name); got != want {
			t.Errorf("%s is set and empty: %v", name, got)
		}
	}
	if got := h.SecretValue("my.key").Reveal(); got != "canary" {
		t.Errorf("the secret value is %q", got)
	}
	if !h.SecretValue("other").Empty() {
		t.Error("a secret that is not there has a value")
	}
}

// Names are compared without regard to case; a twin is another name for the same key.
func TestHeldNames(t *testing.T) {
	t.Parallel()
	h := heldOf(map[string]string{"VSTS_PUBLIC_VARIABLES": `["AWS_PROFILE","aws.profile","Aws_Profile","other"]`, "VSTS_SECRET_VARIABLES": `["Key"]`})
	if !h.Secret("KEY") || h.Secret("OTHER") {
		t.Error("Key alone is secret")
	}
	if !h.Public("OTHER") || h.Public("KEY") {
		t.Error("other is public and Key is not")
	}
	if diff := cmp.Diff([]string{"AWS_PROFILE", "aws.profile", "Aws_Profile"}, h.Variables("aws profile")); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"aws.profile"}, h.Twins("AWS_PROFILE")); diff != "" {
		t.Errorf("twins (-want +got):\n%s", diff)
	}
}

// Every secret is found once, under its key in upper case or as it is written.
func TestSecretsOfTheJob(t *testing.T) {
	t.Parallel()
	h := heldOf(map[string]string{
		"VSTS_SECRET_VARIABLES": `["my.key","Kept Case","absent","empty"]`,
		"SECRET_MY_KEY":         "one", "SECRET_my_key": "unread", "SECRET_Kept_Case": "two", "SECRET_EMPTY": "",
	})
	var got []string
	for _, v := range h.secrets() {
		got = append(got, v.Reveal())
	}
	if diff := cmp.Diff([]string{"one", "two"}, got); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

// The agent masks some parameters of every connection that an input selects.
func TestMaskedValues(t *testing.T) {
	t.Parallel()
	const other = "00000000-1111-2222-3333-444455556666"
	s, err := step(t, map[string]string{
		"ENDPOINT_AUTH_PARAMETER_" + connectionGUIDText + "_ASSUMEROLEARN": roleText,
		"INPUT_AZURESERVICECONNECTION":                                     other,
		"ENDPOINT_AUTH_PARAMETER_" + other + "_SERVICEPRINCIPALID":         "principal",
		"ENDPOINT_AUTH_PARAMETER_" + other + "_TENANTID":                   "tenant",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{roleText, "principal"}, s.Plan.Masked); diff != "" {
		t.Errorf("masked values (-want +got):\n%s", diff)
	}
}

func TestTransitiveKeysAreGivenOnce(t *testing.T) {
	t.Parallel()
	s, err := step(t, map[string]string{
		"INPUT_CHAINROLEARN": roleText + "-2", "INPUT_CHAINSESSIONTAGS": "Team = a\nstage = b", "INPUT_CHAINTRANSITIVETAGKEYS": "team\nTEAM\nstage",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Team", "stage"}, s.Plan.Chain.TransitiveTagKeys); diff != "" {
		t.Errorf("transitive keys (-want +got):\n%s", diff)
	}
}
