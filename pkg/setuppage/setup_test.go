package setuppage_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

func form(change func(*setuppage.Form)) setuppage.Form {
	f := setuppage.Form{Region: "eu-west-1", Spec: trustpolicy.Spec{
		Identity: trustpolicy.ServiceConnection, Account: "111122223333", Partition: "aws", Role: "/team/deploy",
		Org: "contoso-eng", OrgID: orgID, Project: "payments", Connection: "aws-prod", ConnectionID: connection, Pipeline: "site",
		TenantID: tenant, TokenVersion: "2", ClientID: otherID, ObjectID: connection, Audience: "c2a8f613-7e50-4d9b-8a3c-16b4d9f0e725",
	}}
	change(&f)
	return f
}

func TestSetUpWritesWhatGenerateWrites(t *testing.T) {
	t.Parallel()
	for _, identity := range trustpolicy.Identities {
		f := form(func(f *setuppage.Form) { f.Identity = identity })
		want, problems := trustpolicy.Generate(f.Spec)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := setuppage.SetUp(f)
		for _, format := range trustpolicy.Formats {
			if diff := cmp.Diff(want.Format(format), got.Formats[format]); diff != "" {
				t.Errorf("%s as %s (-want +got):\n%s", identity, format, diff)
			}
		}
		if diff := cmp.Diff(want.Providers, got.Providers); diff != "" {
			t.Errorf("providers of %s (-want +got):\n%s", identity, diff)
		}
	}
}

func TestProblemsOfTheForm(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change      func(*setuppage.Form)
		field, says string
	}{
		"a field of the policy":      {func(f *setuppage.Form) { f.Account = "1" }, "account", "12 digits"},
		"a region that is none":      {func(f *setuppage.Form) { f.Region = "Ireland" }, "region", "such as eu-west-1"},
		"a region of elsewhere":      {func(f *setuppage.Form) { f.Region = "cn-north-1" }, "region", "belongs to the partition aws-cn"},
		"an address of elsewhere":    {func(f *setuppage.Form) { f.Connection = address("evil") }, "connection", "belongs to the organisation evil"},
		"a connection without name":  {func(f *setuppage.Form) { f.Identity, f.Connection = trustpolicy.EntraConnection, "" }, "connection", "required"},
		"an exchange without a name": {func(f *setuppage.Form) { f.Identity, f.Connection = trustpolicy.EntraExchange, "" }, "connection", "required"},
	} {
		got := setuppage.SetUp(form(tt.change))
		if got.Formats != nil {
			t.Errorf("%s: code is written all the same", name)
		}
		if len(got.Problems) == 0 {
			t.Errorf("%s: no problem", name)
			continue
		}
		if p := got.Problems[0]; p.Field != tt.field || !strings.Contains(p.Text, tt.says) {
			t.Errorf("%s: problem %v, want one of %s that says %q", name, p, tt.field, tt.says)
		}
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*setuppage.Form)
		want   []string
	}{
		"Azure DevOps issuer": {func(*setuppage.Form) {}, []string{"characters that IAM allows", "retirement"}},
		"Entra issuer":        {func(f *setuppage.Form) { f.Identity = trustpolicy.EntraConnection }, []string{"characters that IAM allows", "predicted"}},
		"exchange":            {func(f *setuppage.Form) { f.Identity = trustpolicy.EntraExchange }, []string{"characters that IAM allows"}},
		"both issuers":        {func(f *setuppage.Form) { f.Migrate = true }, []string{"characters that IAM allows", "predicted", "retirement"}},
		"too long":            {func(f *setuppage.Form) { f.Connection = strings.Repeat("a", 2000) }, []string{"It is too long", "retirement"}},
	} {
		got := setuppage.SetUp(form(tt.change)).Notes
		if len(got) != len(tt.want) {
			t.Errorf("%s: notes %q, want %d", name, got, len(tt.want))
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: note %q lacks %q", name, got[i], want)
			}
		}
	}
}

// TestLongestPolicy: a policy that fills IAM's quota fits, one character more does not.
func TestLongestPolicy(t *testing.T) {
	t.Parallel()
	name := func(length int) setuppage.Form {
		return form(func(f *setuppage.Form) { f.Connection = strings.Repeat("a", length) })
	}
	shortest, problems := trustpolicy.Generate(name(1).Spec)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	fits := 1 + trustpolicy.MaxLength - shortest.Length
	for length, want := range map[int]string{
		fits:     "The trust policy has 2048 of the 2048 characters that IAM allows by default.",
		fits + 1: "The trust policy has 2049 of the 2048 characters that IAM allows by default. It is too long: raise the quota “Role trust policy length”, or use two roles.",
	} {
		if got := setuppage.SetUp(name(length)).Notes[0]; got != want {
			t.Errorf("a name of %d characters: got %q, want %q", length, got, want)
		}
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*setuppage.Form)
		want   map[string]any
	}{
		"connection": {func(*setuppage.Form) {}, map[string]any{"serviceConnection": "aws-prod"}},
		"pipeline":   {func(f *setuppage.Form) { f.Identity = trustpolicy.Pipeline }, map[string]any{"connectionType": "none"}},
		"Entra": {func(f *setuppage.Form) { f.Identity = trustpolicy.EntraConnection }, map[string]any{
			"connectionType": "azureResourceManager", "azureServiceConnection": "aws-prod",
		}},
		"exchange": {func(f *setuppage.Form) { f.Identity = trustpolicy.EntraExchange }, map[string]any{
			"connectionType": "azureResourceManager", "azureServiceConnection": "aws-prod", "entraAudience": "c2a8f613-7e50-4d9b-8a3c-16b4d9f0e725",
		}},
	} {
		steps := setuppage.SetUp(form(tt.change)).Steps
		for kind, s := range map[string]struct{ text, input, value string }{
			"profile": {steps.Profile, "exportAs", "profile"}, "variables": {steps.Variables, "", ""}, "check": {steps.Check, "checkOnly", "true"},
		} {
			want := map[string]any{"roleArn": "arn:aws:iam::111122223333:role/team/deploy", "region": "eu-west-1"}
			for input, value := range tt.want {
				want[input] = value
			}
			switch s.value {
			case "true":
				want[s.input] = true
			case "profile":
				want[s.input] = s.value
			}
			if diff := cmp.Diff(want, inputs(t, s.text)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, kind, diff)
			}
		}
	}
}

// TestStepsUseTheRole: a script finds a profile by itself, and needs variables handed on.
func TestStepsUseTheRole(t *testing.T) {
	t.Parallel()
	steps := setuppage.SetUp(form(func(*setuppage.Form) {})).Steps
	handedOn := map[string]string{}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		handedOn[name] = "$(" + name + ")"
	}
	for text, env := range map[string]map[string]string{steps.Profile: nil, steps.Variables: handedOn} {
		var got []struct {
			Script string
			Env    map[string]string
		}
		if err := yaml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(got) != 2 || got[1].Script != "aws sts get-caller-identity" {
			t.Fatalf("no second step that uses the role in\n%s", text)
		}
		if diff := cmp.Diff(env, got[1].Env); diff != "" {
			t.Errorf("the environment of the script (-want +got):\n%s", diff)
		}
	}
}

// inputs are those of the first step of a YAML text.
func inputs(t *testing.T, text string) map[string]any {
	t.Helper()
	var steps []struct {
		Task   string
		Inputs map[string]any
	}
	if err := yaml.Unmarshal([]byte(text), &steps); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if steps[0].Task != "AssumeAwsRole@1" {
		t.Errorf("the task is %q", steps[0].Task)
	}
	return steps[0].Inputs
}

// A name is read from the YAML as it was entered, whatever YAML would make of it.
func TestNamesSurviveYAML(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"aws-prod", "it's", `a "b"`, "# x", "a: b", "a:", "true", "Yes", "null", "~", "12", "1e3", "0x10", "- x", "-", "[x]", "{x}", "&x", "*x", "!x", "%x", "@x", "`x`", "|", ">", "a #b", "2026-01-01", "São Paulo", "1_000", ".inf",
	} {
		f := form(func(f *setuppage.Form) { f.Connection = name })
		f.Identity = trustpolicy.EntraConnection // whose subject does not hold the name
		role := setuppage.SetUp(f)
		if role.Steps == nil {
			t.Errorf("%q is refused: %v", name, role.Problems)
			continue
		}
		if got := inputs(t, role.Steps.Check)["azureServiceConnection"]; got != name {
			t.Errorf("%q is read as %v", name, got)
		}
	}
}

func TestTaskOfAPrivateBuild(t *testing.T) {
	t.Parallel()
	steps := setuppage.SetUp(form(func(f *setuppage.Form) { f.Task = "AssumeAwsRoleDev" })).Steps
	for _, text := range []string{steps.Profile, steps.Variables, steps.Check} {
		if !strings.HasPrefix(text, "- task: AssumeAwsRoleDev@1\n") {
			t.Errorf("the step is of another task:\n%s", text)
		}
	}
}

func TestRegionIsOptional(t *testing.T) {
	t.Parallel()
	steps := setuppage.SetUp(form(func(f *setuppage.Form) { f.Region = "" })).Steps
	if strings.Contains(steps.Check, "region") {
		t.Errorf("the step names a region:\n%s", steps.Check)
	}
}
