package miniagent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// runner runs one job.
type runner struct {
	job     Job
	vars    variables
	masker  *masker
	result  *Result
	tasks   map[string]installed
	temp    string
	sources string
	lookup  string
	post    []postPart
}

// postPart is the post-job part of a step.
type postPart struct {
	step          Step
	task          installed
	taskVariables map[string]string
}

// Run runs a job. Its error is of the set-up; a failed job is a Result.
func Run(ctx context.Context, job Job) (Result, error) {
	r := &runner{job: job, vars: variables{}, masker: &masker{}, result: &Result{Outcome: Succeeded}, tasks: map[string]installed{}}
	if err := r.prepare(); err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if job.Cancel != nil {
		go func() {
			<-job.Cancel
			cancel()
		}()
	}
	for _, step := range job.Steps {
		r.runStep(ctx, step)
	}
	for _, part := range slices.Backward(r.post) {
		r.runPost(part)
	}
	r.finish(ctx)
	return *r.result, nil
}

func (r *runner) prepare() error {
	r.temp, r.sources = filepath.Join(r.job.WorkDir, "_temp"), filepath.Join(r.job.WorkDir, "1", "s")
	for _, dir := range []string{r.temp, r.sources} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making work folder: %w", err)
		}
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	r.lookup = "vsts_" + hex.EncodeToString(id[:])
	for _, v := range append(r.predefined(), r.job.Variables...) {
		if v.Secret {
			r.registerSecret(v.Value)
		}
		r.vars.set(v)
	}
	r.maskEndpoints()
	for _, step := range r.job.Steps {
		if err := r.installFor(step); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) installFor(step Step) error {
	if step.Task == "" || r.tasks[step.Task].dir != "" {
		return nil
	}
	task, err := install(r.job.VSIX, r.job.WorkDir, step.Task)
	if err != nil {
		return err
	}
	r.tasks[step.Task] = task
	if !r.job.ReadOnlyTask {
		return nil
	}
	return filepath.WalkDir(task.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(p, 0o444)
	})
}

// predefined are the agent's own variables (src/Agent.Worker/JobRunner.cs).
func (r *runner) predefined() []Variable {
	values := map[string]string{
		"Agent.TempDirectory": r.temp, "Agent.WorkFolder": r.job.WorkDir, "Agent.RootDirectory": r.job.WorkDir,
		"Agent.OS": "Linux", "Agent.OSArchitecture": "X64", "Agent.Version": "5.278.0", "Agent.JobName": "Job",
		"System.DefaultWorkingDirectory": r.sources, "System.Culture": "en-US", "VSTS_PROCESS_LOOKUP_ID": r.lookup,
		"Build.SourcesDirectory": r.sources,
	}
	var out []Variable
	for name, value := range values {
		out = append(out, Variable{Name: name, Value: value})
	}
	return out
}

func (r *runner) say(line string) {
	for part := range strings.SplitSeq(line, "\n") {
		masked := r.masker.mask(part)
		r.result.Log = append(r.result.Log, masked)
		if r.job.Say != nil {
			r.job.Say(masked)
		}
	}
}

func (r *runner) registerSecret(value string) {
	if value == "" {
		return
	}
	r.result.Secrets = append(r.result.Secrets, value)
	r.masker.add(value)
}

func (r *runner) decodePercents() bool {
	v, ok := r.vars.get("DECODE_PERCENTS")
	return !ok || !strings.EqualFold(v.Value, "false")
}

func (r *runner) runStep(ctx context.Context, step Step) {
	task := r.tasks[step.Task]
	taskVariables := map[string]string{}
	if task.dir != "" && target(task.PostJobExecution) != "" {
		r.post = append(r.post, postPart{step, task, taskVariables})
	}
	skip := !step.Always && (r.result.Outcome == Failed || ctx.Err() != nil)
	if skip {
		r.result.Steps = append(r.result.Steps, StepResult{Name: step.Name, Outcome: Skipped})
		return
	}
	if step.Always {
		ctx = context.WithoutCancel(ctx)
	}
	if step.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, step.Timeout)
		defer cancel()
	}
	outcome := r.runPart(ctx, step, task, taskVariables, target(task.Execution), "")
	if outcome == Failed && step.ContinueOnError {
		outcome = SucceededWithIssues
	}
	r.result.Outcome = worse(r.result.Outcome, outcome)
}

// runPost runs a post-job part, whatever became of the step or the job.
func (r *runner) runPost(p postPart) {
	outcome := r.runPart(context.Background(), p.step, p.task, p.taskVariables, target(p.task.PostJobExecution), "Post-job: ")
	r.result.Outcome = worse(r.result.Outcome, outcome)
}

func (r *runner) runPart(ctx context.Context, step Step, task installed, taskVariables map[string]string, script, prefix string) string {
	title := prefix + title(step, task)
	r.say("##[section]Starting: " + title)
	r.header(task)
	s := &stepRun{runner: r, step: step, task: task, taskVariables: taskVariables, result: &StepResult{Name: step.Name}, outcome: Succeeded}
	status, err := r.start(ctx, s, script)
	switch {
	case ctx.Err() != nil:
		s.outcome = Canceled
	case err != nil:
		s.issue(Issue{Type: "error", Message: err.Error()})
		s.outcome = Failed
	case status != 0:
		s.issue(Issue{Type: "error", Message: fmt.Sprintf("Exit code %d returned from process.", status)})
		s.outcome = worse(s.outcome, Failed)
	}
	r.say("##[section]Finishing: " + title)
	s.result.Outcome = s.outcome
	r.result.Steps = append(r.result.Steps, *s.result)
	return s.outcome
}

func title(step Step, task installed) string {
	switch {
	case step.DisplayName != "":
		return step.DisplayName
	case task.dir != "":
		return task.FriendlyName
	}
	return "Script"
}

// header is what the agent prints before a task (PrintTaskMetaData).
func (r *runner) header(task installed) {
	if task.dir == "" {
		return
	}
	const rule = "=============================================================================="
	r.say(rule)
	for _, row := range [][2]string{
		{"Task", task.FriendlyName},
		{"Description", task.Description},
		{"Version", fmt.Sprintf("%d.%d.%d", task.Version.Major, task.Version.Minor, task.Version.Patch)},
		{"Author", task.Author},
		{"Help", task.HelpMarkDown},
	} {
		r.say(fmt.Sprintf("%-12s : %s", row[0], row[1]))
	}
	r.say(rule)
}

func (r *runner) start(ctx context.Context, s *stepRun, script string) (int, error) {
	p := process{dir: r.sources, line: s.line, sigint: r.job.SigintWait, sigterm: r.job.SigtermWait}
	if s.task.dir == "" {
		p.path, p.args = "bash", []string{"--noprofile", "--norc", "-c", expand(s.step.Script, r.vars.resolve)}
		p.env = r.environment(s.step, s.task, nil, nil)
	} else {
		p.path, p.args = r.node(), []string{filepath.Join(s.task.dir, script)}
		p.env = r.environment(s.step, s.task, r.inputs(s.task, s.step), s.taskVariables)
	}
	if found, err := exec.LookPath(p.path); err == nil {
		p.path = found
	}
	return p.run(ctx)
}

func (r *runner) node() string {
	if r.job.Node != "" {
		return r.job.Node
	}
	return "node"
}

// finish looks for what the job left behind, then empties the temporary directory
// (src/Agent.Worker/TempDirectoryManager.cs).
func (r *runner) finish(ctx context.Context) {
	if ctx.Err() != nil {
		r.result.Outcome = Canceled
	}
	_ = filepath.WalkDir(r.temp, func(p string, _ fs.DirEntry, err error) error {
		if err == nil && p != r.temp {
			r.result.Leftovers = append(r.result.Leftovers, p)
		}
		return nil
	})
	r.result.Orphans = orphans(r.lookup)
	_ = os.RemoveAll(r.temp)
	r.result.Variables = map[string]Variable{}
	for _, v := range r.vars.sorted() {
		r.result.Variables[v.Name] = v
	}
}

// orphans are live processes whose initial environment bears the job's mark
// (src/Agent.Worker/JobExtension.cs).
func orphans(lookup string) []int {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	var found []int
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil || !strings.Contains(string(data), "VSTS_PROCESS_LOOKUP_ID="+lookup) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
