package pipeline

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// TestDefaultSessionNameIsCutExactly pins what gives way first, and that no more
// gives way than must.
func TestDefaultSessionNameIsCutExactly(t *testing.T) {
	t.Parallel()
	x := strings.Repeat
	for _, tt := range []struct{ project, pipeline, run, want string }{
		{"Shop", "deploy", "42", "Shop-deploy-42"},
		{"Größe & Co", "a/b", "42", "Gr--e---Co-a-b-42"},
		{x("p", 30), x("q", 30), "42", x("p", 30) + "-" + x("q", 30) + "-42"},
		{x("p", 30), x("q", 31), "42", x("p", 30) + "-" + x("q", 30) + "-42"},
		{x("p", 59), x("q", 31), "42", x("p", 59) + "-q-42"},
		{x("p", 61), x("q", 31), "42", x("p", 61) + "-42"},
		{x("p", 99), x("q", 31), "42", x("p", 61) + "-42"},
		{"", x("q", 99), "42", x("q", 61) + "-42"},
		{"p", x("q", 99), "1234567890", "p-" + x("q", 51) + "-1234567890"},
		{"AZaz09@[`{/:", "\u0080\ufffd", "42", "AZaz09@---------42"},
		{"", "", "7", "assume-aws-role-7"},
		{"", "", "77", "77"},
		{"", "", "", "assume-aws-role"},
	} {
		got := defaultSessionName(job{Job: Job{Project: tt.project}, pipeline: tt.pipeline, runID: tt.run})
		if got != tt.want {
			t.Errorf("%q, %q, %q: %q (%d), want %q", tt.project, tt.pipeline, tt.run, got, len(got), tt.want)
		}
	}
}

// TestRunIDThatFitsNoSessionName wants a problem, not a shortened run id.
func TestRunIDThatFitsNoSessionName(t *testing.T) {
	t.Parallel()
	_, err := step(t, map[string]string{"BUILD_BUILDID": strings.Repeat("9", 65)})
	if f, _ := fault.As(err); f == nil || !strings.Contains(f.Why, "roleSessionName: cannot derive a session name") {
		t.Errorf("got %v", err)
	}
}

// TestOwnProblems gives wrong things that are easily lost behind another one.
func TestOwnProblems(t *testing.T) {
	t.Parallel()
	for want, changes := range map[string]map[string]string{
		"chainRoleArn: ":         {"INPUT_CHAINROLEARN": "arn:aws-cn:iam::444455556666:role/second"},
		"sessionPolicy: not a":   {"INPUT_SESSIONPOLICY": "null"},
		"stsEndpoint: not a URL": {"INPUT_STSENDPOINT": "https://sts.eu-west-1.amazonaws.com:"},
		"entraAudience: ":        {"INPUT_CONNECTIONTYPE": "azureDevOps", "INPUT_ENTRAAUDIENCE": "https://x"},
		"must be 2–1224":         {"INPUT_CHAINROLEARN": roleText, "INPUT_CHAINEXTERNALID": "a b"},
		"chainSourceIdentity: ":  {"INPUT_CHAINROLEARN": roleText, "INPUT_CHAINSOURCEIDENTITY": "aws:x"},
		"a key has 1 to 128":     {"INPUT_CHAINROLEARN": roleText, "INPUT_CHAINSESSIONTAGS": "aws:x = y"},
		"a value has at most":    {"INPUT_CHAINROLEARN": roleText, "INPUT_CHAINSESSIONTAGS": "x = " + strings.Repeat("y", 257)},
		"51 tags are given":      {"INPUT_CHAINROLEARN": roleText, "INPUT_CHAINSESSIONTAGS": manyTags(51)},
	} {
		_, err := step(t, changes)
		if f, _ := fault.As(err); f == nil || !strings.Contains(f.Why, want) {
			t.Errorf("want %q, got %v", want, f)
		}
	}
}

func manyTags(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("k" + strings.Repeat("x", i) + " = v\n")
	}
	return b.String()
}

// TestGuardedNames records what is read of the agent's variables: each must be
// among those that a pipeline variable may not shadow.
func TestGuardedNames(t *testing.T) {
	t.Parallel()
	lookup := environment(map[string]string{"INPUT_ENVIRONMENTROLES": "prod = " + roleText, "INPUT_ROLEARN": ""})
	read := map[string]bool{}
	recording := func(name string) (string, bool) {
		read[name] = true
		return lookup(name)
	}
	for _, host := range []string{HostBuild, HostRelease} {
		recorded := Lookup(func(name string) (string, bool) {
			v, ok := recording(name)
			if name == "SYSTEM_HOSTTYPE" {
				return host, true
			}
			return v, ok
		})
		if _, err := Read(t.Context(), recorded); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(read)) {
		family, _, _ := strings.Cut(name, "_")
		guarded := slices.Contains([]string{"SYSTEM", "AGENT", "BUILD", "RELEASE", "ENVIRONMENT"}, family)
		if guarded && !slices.Contains(agentNames, name) {
			t.Errorf("%s is read, but two variables that become it are not noticed", name)
		}
	}
}
