package reliability

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// onPage wants the page to name what a test shows.
func onPage(t *testing.T, text string) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), text) {
		t.Errorf("docs/reliability.md does not name %q", text)
	}
}

// TestFiftyJobs run at once from one task folder, half of them with a profile, against
// one set of services.
func TestFiftyJobs(t *testing.T) {
	t.Parallel()
	const jobs = 50
	a := newAgent(t)
	onPage(t, fmt.Sprintf("%d jobs", jobs))
	w := a.world(t)
	results := make([]miniagent.Result, jobs)
	var all sync.WaitGroup
	for i := range jobs {
		mode := []string{"variables", "profile"}[i%2]
		job := a.job(t, w, a.workDir(t), sandbox.EnvOptions{TLS: true}, "aws-prod", map[string]string{"exportAs": mode, "timeoutSeconds": "120"})
		all.Go(func() {
			var err error
			if results[i], err = miniagent.Run(t.Context(), job); err != nil {
				t.Error(err)
			}
			a.check(t, w, job, results[i])
		})
	}
	all.Wait()
	keys := map[string]bool{}
	for i, r := range results {
		if r.Outcome != miniagent.Succeeded {
			t.Errorf("job %d: %s\n%s", i, r.Outcome, strings.Join(r.Log, "\n"))
		}
		if v := r.Variables["AWS_ACCESS_KEY_ID"].Value; v != "" {
			keys[v] = true
		}
	}
	if len(keys) != jobs/2 {
		t.Errorf("%d different keys for %d jobs with variables", len(keys), jobs/2)
	}
	if got := counted(w); got != fmt.Sprintf("ado %d, sts %d", jobs, jobs) {
		t.Errorf("requests: %s", got)
	}
}

// TestLimits fills what AWS and Azure DevOps allow.
func TestLimits(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	var tags, roles []string
	for i := range 50 {
		tags = append(tags, fmt.Sprintf("key-%02d-%s = %s", i, strings.Repeat("k", 100), strings.Repeat("v", 200)))
	}
	for i := range 499 {
		roles = append(roles, fmt.Sprintf("stage-%d = arn:aws:iam::111122223333:role/other-%d", i, i))
	}
	roles = append(roles, "production = "+deployRole)
	for _, tt := range []struct {
		name   string
		change func(*sandbox.Config)
		inputs map[string]string
		holds  func(miniagent.Result) bool
	}{
		{"session token of 4,096 bytes", func(c *sandbox.Config) { c.SessionTokenBytes = 4096 }, nil, func(r miniagent.Result) bool {
			return len(r.Variables["AWS_SESSION_TOKEN"].Value) == 4096
		}},
		{"ID token of 20,000 characters", func(c *sandbox.Config) { c.VSTokenLength = 19975 }, nil, func(r miniagent.Result) bool {
			return slices.ContainsFunc(r.Secrets, func(s string) bool { return strings.HasPrefix(s, "eyJ") && len(s) > 19950 && len(s) <= 20000 })
		}},
		{"50 session tags", func(*sandbox.Config) {}, map[string]string{"chainRoleArn": secondRole, "chainSessionTags": strings.Join(tags, "\n")}, nil},
		{"500 lines of environmentRoles", func(*sandbox.Config) {}, map[string]string{"roleArn": "", "environmentRoles": strings.Join(roles, "\n")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			onPage(t, tt.name)
			cfg := sandbox.Default()
			tt.change(&cfg)
			w, err := sandbox.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(w.Close)
			inputs := map[string]string{"timeoutSeconds": "120"}
			maps.Copy(inputs, tt.inputs)
			job := a.job(t, w, a.workDir(t), sandbox.EnvOptions{}, "aws-prod", inputs)
			result, err := miniagent.Run(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			a.check(t, w, job, result)
			if result.Outcome != miniagent.Succeeded {
				t.Errorf("the job ends as %s\n%s", result.Outcome, strings.Join(result.Log, "\n"))
			}
			if tt.holds != nil && !tt.holds(result) {
				t.Errorf("the job succeeded with something else\n%s", strings.Join(result.Log, "\n"))
			}
		})
	}
}
