package miniagent

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
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
	index         int
	task          installed
	taskVariables map[string]string
}

// Run runs a job. Its error is of the set-up; a failed job is a Result. The end of
// ctx cancels the job, as Job.Cancel does.
func Run(ctx context.Context, job Job) (Result, error) {
	job.Waits = job.Waits.orDefaults()
	r := &runner{job: job, vars: variables{}, masker: newMasker(), result: &Result{Outcome: Succeeded}, tasks: map[string]installed{}}
	if err := r.prepare(); err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-job.Cancel:
			cancel()
		case <-ctx.Done():
		}
	}()
	for i, step := range job.Steps {
		r.runStep(ctx, step, i)
	}
	for _, p := range slices.Backward(r.post) {
		r.runPost(p)
	}
	r.finish()
	return *r.result, nil
}

// say writes to the log. Each line is masked by itself: a secret of several lines
// that is registered as a whole never matches.
func (r *runner) say(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		masked := r.masker.mask(line)
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
	v, _ := r.vars.resolve("DECODE_PERCENTS")
	if v == "" {
		v = r.job.HostEnv["DECODE_PERCENTS"]
	}
	return v == "" || isOn(v)
}

func (r *runner) hostType() string {
	v, _ := r.vars.get("System.HostType")
	return v.Value
}

// runStep runs the main part of a step if its condition holds. The post-job part
// is due in any case, also when the main part never runs.
func (r *runner) runStep(ctx context.Context, step Step, index int) {
	p := &part{
		runner: r, step: step, index: index, task: r.tasks[step.Task], taskVariables: map[string]string{},
		result: &StepResult{Name: step.Name}, outcome: Succeeded,
	}
	if target(p.task.PostJobExecution) != "" {
		r.post = append(r.post, postPart{step, index, p.task, p.taskVariables})
	}
	r.noteCancel(ctx)
	if !holdsFor(step.Condition, r.result.Outcome) {
		r.result.Steps = append(r.result.Steps, StepResult{Name: step.Name, Title: p.title(), Outcome: Skipped})
		return
	}
	if step.Condition == Always {
		ctx = context.WithoutCancel(ctx)
	}
	r.runPart(ctx, p, target(p.task.Execution))
	r.noteCancel(ctx)
}

// noteCancel makes a cancelled job's outcome Canceled, also where no step ran.
func (r *runner) noteCancel(ctx context.Context) {
	if ctx.Err() != nil {
		r.result.Outcome = Canceled
	}
}

// runPost runs a post-job part, whatever became of the step or the job; its inputs
// are expanded anew.
func (r *runner) runPost(due postPart) {
	p := &part{
		runner: r, step: due.step, index: due.index, post: true, task: due.task, taskVariables: due.taskVariables,
		result: &StepResult{Name: due.step.Name, Post: true}, outcome: Succeeded,
	}
	r.runPart(context.Background(), p, target(p.task.PostJobExecution))
}

// jobStatus is the variable with the job's outcome so far; the agent exports it as
// it is spelled, too.
const jobStatus = "agent.jobstatus"

func (r *runner) runPart(ctx context.Context, p *part, script string) {
	r.vars.set(Variable{Name: jobStatus, Value: r.result.Outcome, ReadOnly: true})
	r.say("##[section]Starting: " + p.title())
	r.header(p.task)
	if p.step.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, p.step.Timeout, errTimeout)
		defer cancel()
	}
	status, err := r.start(ctx, p, script)
	p.judge(ctx, status, err)
	if p.outcome == Failed && p.step.ContinueOnError {
		p.outcome = SucceededWithIssues
	}
	r.say("##[section]Finishing: " + p.title())
	p.result.Title, p.result.Outcome = p.title(), p.outcome
	r.result.Steps = append(r.result.Steps, *p.result)
	r.result.Outcome = mergeStep(r.result.Outcome, p.outcome)
}

var errTimeout = errors.New("the step has timed out")

// judge adds how the process ended: a cancel counts whatever the exit status, a
// timeout is a failure.
func (s *part) judge(ctx context.Context, status int, err error) {
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		s.issue(Issue{Type: "error", Message: fmt.Sprintf("The task has timed out after %s.", s.step.Timeout)})
		s.outcome = Failed
	case ctx.Err() != nil:
		s.issue(Issue{Type: "error", Message: "The operation was canceled."})
		s.outcome = Canceled
	case err != nil:
		s.issue(Issue{Type: "error", Message: err.Error()})
		s.outcome = merge(s.outcome, Failed)
	case status != 0:
		s.issue(Issue{Type: "error", Message: fmt.Sprintf("Exit code %d returned from process.", status)})
		s.outcome = merge(s.outcome, Failed)
	}
}

func (s *part) title() string {
	title := "Script"
	switch {
	case s.step.DisplayName != "":
		title = s.runner.expandTwice(s.step.DisplayName)
	case s.task.dir != "":
		title = s.task.FriendlyName
	}
	if s.post {
		return "Post-job: " + title
	}
	return title
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
		{"Version", task.version()},
		{"Author", task.Author},
		{"Help", task.HelpMarkDown},
	} {
		r.say(fmt.Sprintf("%-12s : %s", row[0], row[1]))
	}
	r.say(rule)
}

func (r *runner) start(ctx context.Context, p *part, script string) (int, error) {
	child := process{dir: r.sources, line: p.line, waits: r.job.Waits}
	if p.task.dir == "" {
		child.path, child.args = "bash", []string{"--noprofile", "--norc", "-c", r.expandTwice(strings.TrimSpace(p.step.Script))}
		child.env = r.environment(p.step, p.task, nil, nil)
	} else {
		child.path, child.args = r.node(), []string{filepath.Join(p.task.dir, script)}
		child.env = r.environment(p.step, p.task, r.inputs(p.task, p.step), p.taskVariables)
	}
	if found, err := exec.LookPath(child.path); err == nil {
		child.path = found
	}
	return child.run(ctx)
}

func (r *runner) node() string {
	if r.job.Node != "" {
		return r.job.Node
	}
	return "node"
}
