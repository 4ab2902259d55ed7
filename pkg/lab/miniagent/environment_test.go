package miniagent

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const connectionID = "c0ffee00-0000-4000-8000-00000000000a"

// seen runs the fake task once and returns the environment variables that match.
func seen(t *testing.T, pattern string, change func(*Job)) []string {
	t.Helper()
	job := fakeJob(t, does("env "+pattern))
	change(&job)
	r := run(t, job)
	if r.Outcome != Succeeded {
		t.Fatalf("job %s:\n%s", r.Outcome, strings.Join(r.Log, "\n"))
	}
	return r.output()
}

func TestInputs(t *testing.T) {
	t.Parallel()
	got := seen(t, "^INPUT_(CHOICE|CONNECTION|TEXT|EXTRA)", func(j *Job) {
		j.Variables = []Variable{{Name: "padded", Value: " v\n"}, {Name: "hidden", Value: "in the clear", Secret: true}}
		j.Steps[0].Inputs["Text"] = "  $(padded)$(HIDDEN)$(HOST_ONLY)$(none) "
		j.Steps[0].Inputs["extra.one two"] = "x"
	})
	want := []string{
		`INPUT_CHOICE="usual"`, `INPUT_CONNECTION=""`, `INPUT_EXTRA_ONE_TWO="x"`, `INPUT_TEXT=" v\n***of the host$(none)"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVariablesInTask(t *testing.T) {
	t.Parallel()
	got := seen(t, "^(SECRET_|SECUREFILE_|VSTS_(PUB|SEC)|MY_|BOTH$|STEP$|TF_BUILD|input|INPUT_DOES$|HOST_ONLY|AGENT_JOBS|agent)", func(j *Job) {
		j.HostEnv["BOTH"] = "host"
		j.Variables = []Variable{
			{Name: "My.Public", Value: "p"},
			{Name: "my.secret one", Value: "s3cret-value", Secret: true},
			{Name: "both", Value: "variable"},
			{Name: "input.does", Value: "reserved"},
			{Name: "SecureFile.x", Value: "reserved"},
			{Name: "Agent.Jobs", Value: "x"},
		}
		j.Steps[0].Env = map[string]string{"BOTH": "step", "STEP": " $(my.public) $(HOST_ONLY) "}
	})
	public, rest := []string{}, []string{}
	for _, line := range got {
		if strings.HasPrefix(line, "VSTS_PUBLIC_VARIABLES=") {
			public = append(public, line)
		} else if !strings.HasPrefix(line, "INPUT_DOES=") {
			rest = append(rest, line)
		}
	}
	want := []string{
		`AGENT_JOBSTATUS="Succeeded"`, `AGENT_JOBS="x"`, `BOTH="variable"`, `HOST_ONLY="of the host"`, `MY_PUBLIC="p"`,
		`SECRET_MY_SECRET_ONE="***"`, `STEP="p of the host"`, `TF_BUILD="True"`, `VSTS_SECRET_VARIABLES="[\"my.secret one\"]"`,
		`agent.jobstatus="Succeeded"`,
	}
	slices.Sort(want)
	slices.Sort(rest)
	if diff := cmp.Diff(want, rest); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(public) != 1 || !strings.Contains(public[0], `\"My.Public\"`) {
		t.Fatalf("the list of public names is %v", public)
	}
	if strings.Contains(public[0], "secret") {
		t.Errorf("secret names are among the public ones: %v", public)
	}
}

func TestVariablesInScript(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, Step{Script: `env | grep -E '^(SECRET_|VSTS_(PUBLIC|SECRET)|MAPPED|P=|ENDPOINT_)' | sort`, Env: map[string]string{"MAPPED": "$(s)!"}})
	job.Variables = []Variable{{Name: "s", Value: "s3cret-value", Secret: true}, {Name: "p", Value: "public"}}
	job.System = map[string]string{"ENDPOINT_URL_SYSTEMVSSCONNECTION": "https://u/", "ENDPOINT_AUTH_SYSTEMVSSCONNECTION": "{}"}
	want := []string{"ENDPOINT_URL_SYSTEMVSSCONNECTION=https://u/", "MAPPED=***!", "P=public"}
	if diff := cmp.Diff(want, run(t, job).output()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestConnections: only the input of a connectedService type brings a connection,
// with its data expanded, its authorization not, and masked unless harmless.
func TestConnections(t *testing.T) {
	t.Parallel()
	connect := func(j *Job) {
		k := "_" + connectionID
		j.Variables = []Variable{{Name: "v", Value: "value"}}
		j.System = map[string]string{"ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN": "job-token-1"}
		j.Connections = []Connection{{ID: connectionID, Env: map[string]string{
			"ENDPOINT_DATA" + k + "_A": "$(v)", "ENDPOINT_AUTH_PARAMETER" + k + "_B": "$(v)b-secret", "ENDPOINT_AUTH_PARAMETER" + k + "_TENANTID": "tenant-1",
		}}}
	}
	for _, tt := range []struct {
		input string
		want  []string
	}{
		{"text", []string{`ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN="***"`}},
		{"connection", []string{
			`ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN="***"`,
			`ENDPOINT_AUTH_PARAMETER_` + connectionID + `_B="***"`, `ENDPOINT_AUTH_PARAMETER_` + connectionID + `_TENANTID="tenant-1"`,
			`ENDPOINT_DATA_` + connectionID + `_A="value"`,
		}},
	} {
		t.Run(tt.input, func(t *testing.T) {
			t.Parallel()
			got := seen(t, "^ENDPOINT_", func(j *Job) {
				connect(j)
				j.Steps[0].Inputs[tt.input] = strings.ToUpper(connectionID)
			})
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhereTasksRun(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, does("cwd", "stdin"))
	want := []string{"cwd " + job.WorkDir + "/1/s", "stdin has 0 bytes"}
	if diff := cmp.Diff(want, run(t, job).output()[:2]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
