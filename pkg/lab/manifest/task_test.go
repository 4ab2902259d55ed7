package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
)

// Id and name identify the task for ever: pipelines refer to them.
const (
	taskID   = "0e29bb5a-90d2-4a4a-8b84-8191b87df28b"
	taskName = "AssumeAwsRole"
)

func TestTaskIdentity(t *testing.T) {
	t.Parallel()
	k := readTask(t)
	want := task{
		ID: taskID, Name: taskName, FriendlyName: "Assume AWS role with OIDC", Category: "Deploy",
		InstanceNameFormat: "Assume AWS role with OIDC", ShowEnvironment: true,
		Visibility: []string{"Build", "Release"}, RunsOn: []string{"Agent", "DeploymentGroup"},
	}
	got := task{
		ID: k.ID, Name: k.Name, FriendlyName: k.FriendlyName, Category: k.Category,
		InstanceNameFormat: k.InstanceNameFormat, ShowEnvironment: k.ShowEnvironment,
		Visibility: k.Visibility, RunsOn: k.RunsOn, Demands: k.Demands, MinimumAgentVersion: k.MinimumAgentVersion,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9-]+$`).MatchString(k.Name) {
		t.Errorf("the Marketplace does not accept the name %q", k.Name)
	}
	if len(k.FriendlyName) > 40 || len(k.Description) > 200 {
		t.Error("friendlyName is longer than 40 characters or description than 200")
	}
	if strings.ContainsAny(k.Description, "\r\n") || k.Author == "" {
		t.Error("the header that the agent prints needs a description in one line and an author")
	}
	if !strings.HasPrefix(k.HelpURL, "https://") || !strings.Contains(k.HelpMarkDown, "](https://") {
		t.Error("the header that the agent prints needs links")
	}
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	k := readTask(t)
	for target, handlers := range map[string]map[string]handler{"index.js": k.Execution, "post.js": k.PostJobExecution} {
		want := map[string]handler{"Node20_1": {target}, "Node24": {target}}
		if diff := cmp.Diff(want, handlers); diff != "" {
			t.Errorf("handlers (-want +got):\n%s", diff)
		}
		if _, err := os.Stat(filepath.Join(root, "task", target)); err != nil {
			t.Error(err)
		}
	}
	if k.PreJobExecution != nil {
		t.Error("the task has no part before the job")
	}
}

// typePattern is the types that the service knows and this task uses.
var typePattern = regexp.MustCompile(`^(string|boolean|int|multiLine|pickList|connectedService:[A-Za-z]+(:[A-Za-z]+)?)$`)

func TestInputs(t *testing.T) {
	t.Parallel()
	k := readTask(t)
	groups := map[string]bool{}
	for _, g := range k.Groups {
		groups[g.Name] = g.DisplayName != ""
	}
	names := map[string]bool{}
	for _, in := range k.Inputs {
		for _, name := range append([]string{in.Name}, in.Aliases...) {
			if key := strings.ToLower(name); names[key] {
				t.Errorf("the name %s occurs twice", name)
			} else {
				names[key] = true
			}
		}
		checkInput(t, in, groups)
	}
}

func checkInput(t *testing.T, in input, groups map[string]bool) {
	t.Helper()
	if !regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`).MatchString(in.Name) || !typePattern.MatchString(in.Type) {
		t.Errorf("%s has a bad name or type %q", in.Name, in.Type)
	}
	if !groups[in.GroupName] {
		t.Errorf("%s is in the unknown group %q", in.Name, in.GroupName)
	}
	if in.Label == "" {
		t.Errorf("%s has no label", in.Name)
	}
	if n := strings.Count(in.HelpMarkDown+" ", ". "); !strings.HasSuffix(in.HelpMarkDown, ".") || n > 4 {
		t.Errorf("%s needs one to four sentences of help, not %d", in.Name, n)
	}
	if word := standsAlone.FindString(in.HelpMarkDown); word != "" {
		t.Errorf("%s: the help text says %q, but it is shown alone", in.Name, word)
	}
	_, listed := in.Options[in.DefaultValue]
	if closed := in.Type == "pickList" && !in.editable(); closed && !listed {
		t.Errorf("the default %q of %s is not one of its values", in.DefaultValue, in.Name)
	}
	if in.Type == "boolean" && in.DefaultValue != "false" {
		t.Errorf("the default of %s is %q, not false", in.Name, in.DefaultValue)
	}
	if always := in.Required && in.VisibleRule == ""; always && in.DefaultValue == "" {
		t.Errorf("%s is required although it may be blank", in.Name)
	}
}

// standsAlone matches words that need a neighbour: the editor shows the help of one
// input at a time.
var standsAlone = regexp.MustCompile(`\b([Aa]bove|[Bb]elow|[Tt]he former|[Tt]he latter|[Tt]he previous)\b`)

// editable reports whether a pick list also takes what its user types.
func (i input) editable() bool { return i.Properties["EditableOptions"] == "True" }

// The region is a pick list of AWS's regions that takes others, too: new regions
// come more often than versions of this task.
func TestRegionIsAnEditablePickList(t *testing.T) {
	t.Parallel()
	for _, in := range readTask(t).Inputs {
		if in.Name != "region" {
			continue
		}
		if in.Type != "pickList" || !in.editable() {
			t.Errorf("region is not an editable list: type %s, properties %v", in.Type, in.Properties)
		}
		if in.Required || in.DefaultValue != "" {
			t.Errorf("region is required or has the default %q", in.DefaultValue)
		}
		if len(in.Options) < 30 {
			t.Errorf("only %d regions are offered", len(in.Options))
		}
		for region, text := range in.Options {
			if !regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`).MatchString(region) || !strings.HasPrefix(text, region+" ") {
				t.Errorf("the region %q is shown as %q", region, text)
			}
		}
	}
}

// The groups that most steps need are open; the others are one line each.
func TestGroups(t *testing.T) {
	t.Parallel()
	k := readTask(t)
	open := map[string]bool{
		"identity": true, "role": true, "session": false, "secondRole": false, "guardRails": false, "export": true, "advanced": false,
	}
	got, members := map[string]bool{}, map[string][]string{}
	for _, g := range k.Groups {
		got[g.Name] = g.IsExpanded
	}
	if diff := cmp.Diff(open, got); diff != "" {
		t.Errorf("groups and whether they are open (-want +got):\n%s", diff)
	}
	for _, in := range k.Inputs {
		members[in.GroupName] = append(members[in.GroupName], in.Name)
	}
	if diff := cmp.Diff([]string{"roleSessionName", "durationSeconds", "sessionPolicy", "sessionPolicyArns"}, members["session"]); diff != "" {
		t.Errorf("the group Session (-want +got):\n%s", diff)
	}
}

func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	k := readTask(t)
	if n := k.ReleaseNotes; !strings.HasPrefix(n, fmt.Sprintf("Version %s: ", k.Version.Major)) || !strings.Contains(n, "](https://") {
		t.Errorf("releaseNotes say what major version %s is, with a link to all changes: %q", k.Version.Major, n)
	}
}

// Old servers know one comparison, or one kind of joiner without parentheses, of
// inputs in the same group (microsoft/azure-pipelines-tasks#12649,
// jfrog/jfrog-azure-devops-extension#318).
func TestVisibleRules(t *testing.T) {
	t.Parallel()
	k := readTask(t)
	comparison := regexp.MustCompile(`^([A-Za-z]+) = ([A-Za-z]+)$`)
	for _, in := range k.Inputs {
		if in.VisibleRule == "" {
			continue
		}
		for part := range strings.SplitSeq(in.VisibleRule, " || ") {
			m := comparison.FindStringSubmatch(part)
			if m == nil {
				t.Errorf("%s: the rule %q is not understood everywhere", in.Name, in.VisibleRule)
				continue
			}
			i := slices.IndexFunc(k.Inputs, func(other input) bool { return other.Name == m[1] })
			if i < 0 || k.Inputs[i].GroupName != in.GroupName {
				t.Fatalf("%s: the rule %q names no input of the same group", in.Name, in.VisibleRule)
			}
			if k.Inputs[i].Options[m[2]] == "" {
				t.Errorf("%s: the rule %q names no value of the input", in.Name, in.VisibleRule)
			}
		}
	}
}

func TestProgramReadsExactlyTheseInputs(t *testing.T) {
	t.Parallel()
	var inTask, inProgram []string
	for _, in := range readTask(t).Inputs {
		inTask = append(inTask, in.Name)
	}
	for f := range reflect.TypeFor[pipeline.Inputs]().Fields() {
		inProgram = append(inProgram, f.Tag.Get("env"))
	}
	slices.Sort(inTask)
	slices.Sort(inProgram)
	if diff := cmp.Diff(inTask, inProgram); diff != "" {
		t.Errorf("inputs (-task.json +pipeline.Inputs):\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"connectionType": "awsOidc", "durationSeconds": "3600", "exportAs": "variables", "profileName": "default",
		"timeoutSeconds": "120", "exportForAwsToolkit": "false", "maskAccountId": "false", "checkOnly": "false", "waitForPropagation": "false",
	}
	got := map[string]string{}
	for _, in := range readTask(t).Inputs {
		if in.DefaultValue != "" {
			got[in.Name] = in.DefaultValue
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"serviceConnection":            "connectedService:assumeAwsRole connectionType = awsOidc",
		"awsServiceConnection":         "connectedService:AWS connectionType = awsToolkit",
		"azureServiceConnection":       "connectedService:AzureRM:WorkloadIdentityFederation connectionType = azureResourceManager",
		"azureDevOpsServiceConnection": "connectedService:WorkloadIdentityUser connectionType = azureDevOps",
	}
	got := map[string]string{}
	for _, in := range readTask(t).Inputs {
		if strings.HasPrefix(in.Type, "connectedService:") {
			got[in.Name] = in.Type + " " + in.VisibleRule
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("connections (-want +got):\n%s", diff)
	}
}

// outputs are set as output variables. A name listed in outputVariables can never
// be set plainly (microsoft/azure-pipelines-agent src/Agent.Worker/ExecutionContext.cs).
var outputs = []string{"accountId", "assumedRoleArn", "expiration", "issuer", "subject"}

func TestOutputsAndRestrictions(t *testing.T) {
	t.Parallel()
	k := readTask(t)
	var names []string
	for _, o := range k.OutputVariables {
		names = append(names, o.Name)
		if !strings.HasSuffix(o.Description, ".") {
			t.Errorf("the output %s has no description", o.Name)
		}
	}
	if diff := cmp.Diff(outputs, names); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	want := append([]string{
		"*AWS_ACCESS_KEY_ID", "*AWS_SECRET_ACCESS_KEY", "*AWS_SESSION_TOKEN", "*AWS_REGION", "*AWS_DEFAULT_REGION",
		"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_SDK_LOAD_CONFIG", "AWS_EC2_METADATA_DISABLED",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"AWS.AccessKeyID", "AWS.SecretAccessKey", "AWS.SessionToken", "AWS.Region",
	}, outputs...)
	if diff := cmp.Diff(want, k.Restrictions.SettableVariables.Allowed); diff != "" {
		t.Errorf("settable variables (-want +got):\n%s", diff)
	}
	if k.Restrictions.Commands.Mode != "restricted" {
		t.Error("the task uses only commands that the restricted mode allows")
	}
}
