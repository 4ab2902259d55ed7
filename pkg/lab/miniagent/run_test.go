package miniagent

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// announced is a task step whose post-job part says what it finds.
func announced(text string, lines ...string) Step {
	s := does(lines...)
	s.DisplayName, s.Inputs["announce"] = "Step "+text, text
	return s
}

// TestPostJob: last in, first out, also for parts that were skipped or failed; with
// inputs expanded anew, and the task variables of their own step.
func TestPostJob(t *testing.T) {
	t.Parallel()
	job := fakeJob(t,
		announced("one $(v)", "say ##vso[task.settaskvariable variable=mark]m1", "say ##vso[task.setvariable variable=exact]x"),
		announced("two $(exact)", "exit 1"),
		script("##vso[task.setvariable variable=v]never"),
		announced("three", "say ##vso[task.settaskvariable variable=mark]never"),
		Step{Script: "echo '##vso[task.setvariable variable=v]late'", Condition: Always},
	)
	job.Variables = []Variable{{Name: "v", Value: "early"}}
	r := run(t, job)
	posts := slices.DeleteFunc(r.output(), func(line string) bool { return !strings.HasPrefix(line, "post ") })
	want := []string{"post three, mark undefined", "post two x, mark undefined", "post one late, mark m1"}
	if diff := cmp.Diff(want, posts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	outcomes := []string{Succeeded, Failed, Skipped, Skipped, Succeeded, Succeeded, Succeeded, Succeeded}
	if diff := cmp.Diff(outcomes, r.outcomes()); diff != "" || r.Outcome != Failed {
		t.Errorf("job %s, parts (-want +got):\n%s", r.Outcome, diff)
	}
	if last := r.Steps[len(r.Steps)-1]; !last.Post || last.Title != "Post-job: Step one late" {
		t.Errorf("last part is %+v", last)
	}
}

func TestContinueOnError(t *testing.T) {
	t.Parallel()
	first := Step{Script: "exit 1", ContinueOnError: true}
	r := run(t, fakeJob(t, first, Step{Script: `echo "$AGENT_JOBSTATUS"`}))
	if r.Outcome != SucceededWithIssues || !slices.Contains(r.Log, SucceededWithIssues) {
		t.Errorf("job %s:\n%s", r.Outcome, strings.Join(r.Log, "\n"))
	}
}

// TestScriptMacros: known macros are replaced before bash sees the text; its own
// command substitution stays.
func TestScriptMacros(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, Step{Script: "echo \"$(v) $(HOST_ONLY) $(printf sub)\"\n"})
	job.Variables = []Variable{{Name: "v", Value: "value"}}
	if diff := cmp.Diff([]string{"value of the host sub"}, run(t, job).output()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTemporaryFolder(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, does("say hello"), Step{Script: `touch "$AGENT_TEMPDIRECTORY/left"`})
	job.ReadOnlyTask = true
	stale := filepath.Join(job.WorkDir, "_temp", "stale")
	if err := os.MkdirAll(stale, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second job finds the task installed
		r := run(t, job)
		if diff := cmp.Diff([]string{filepath.Join(job.WorkDir, "_temp", "left")}, r.Leftovers); diff != "" || r.Outcome != Succeeded {
			t.Errorf("job %s, leftovers (-want +got):\n%s", r.Outcome, diff)
		}
	}
	if _, err := os.Stat(filepath.Join(job.WorkDir, "_temp")); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
}

func TestInstallWithoutModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	task, err := install(packFake(t), dir, "fAKE")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "_tasks", "Fake_0f0f0f0f-0000-4000-8000-000000000001", "1.2.3"); task.dir != want {
		t.Errorf("installed at %s", task.dir)
	}
	info, err := os.Stat(filepath.Join(task.dir, "main.js"))
	if err != nil || info.Mode().Perm()&0o111 != 0 {
		t.Errorf("mode %v, %v", info, err)
	}
	if target(task.Execution) != "main.js" || target(nil) != "" {
		t.Error("the handler must be one that the agent knows")
	}
	if _, err := install(packFake(t), dir, "Other"); err == nil {
		t.Error("a task that the package lacks was installed")
	}
}

func TestSecretInLogIsFound(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"s3cret/value=", "s3cret%2Fvalue%3D", "czNjcmV0L3ZhbHVlPQ=="} {
		r := Result{Log: []string{"a " + line + " b"}, Secrets: []string{"short", "s3cret/value="}}
		if len(r.Leaked()) != 1 {
			t.Errorf("%s was not found", line)
		}
	}
	if clean := (Result{Log: []string{"short ***"}, Secrets: []string{"short"}}); len(clean.Leaked()) != 0 {
		t.Error("a short value counts as leak")
	}
}
