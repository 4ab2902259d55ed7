package cli

import (
	"context"
	"runtime/debug"

	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/export"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// task is the main part of the pipeline step. It returns 0 also for a failure: the agent
// reads the outcome from the logging command, and a second, vaguer error would follow
// from any other status. Only when standard output is broken, so that no outcome can be
// said, is the status exitFault.
func task(ctx context.Context, e Env) int {
	t := &taskRun{env: e, lookup: e.Lookup, Log: report.Log{Out: newWriter(e)}}
	if err := t.guarded(ctx); err != nil {
		t.fail(err)
	}
	if t.Out.Err() != nil {
		return exitFault
	}
	return exitOK
}

// newWriter is the step's one way to speak.
func newWriter(e Env) *vso.Writer { return vso.NewWriter(e.Stdout, vso.DecodesPercents(e.Lookup)) }

// taskRun is one run of the step.
type taskRun struct {
	env    Env
	lookup pipeline.Lookup
	// profile is where the step's profile lies; without an ID there is none.
	profile export.ProfilePlace
	report.Log
}

// guarded turns a panic into a fault. What it carried is not printed: it could
// hold anything.
func (t *taskRun) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &fault.Fault{Code: fault.Internal, Summary: "internal error in the task", Details: stack()}
		}
	}()
	return t.run(ctx)
}

// frame matches the function names of a stack trace, without arguments.
var frame = pattern.Lazy(`(?m)^(github\.com/[\w./()*-]+?)\(`)

func stack() []string {
	var names []string
	for _, m := range frame().FindAllStringSubmatch(string(debug.Stack()), 8) {
		names = append(names, "at "+m[1])
	}
	return names
}

func (t *taskRun) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pipeline.Timeout(t.lookup))
	defer cancel()
	err := t.prepare(ctx)
	if ended := exchange.Ended(ctx, "before the first request"); ended != nil {
		return ended
	}
	if err != nil {
		return err
	}
	t.Intent()
	t.Result, err = exchange.Run(ctx, t.Step.Plan, exchange.Options{
		Now: t.env.Now, Mask: t.Out.Mask,
		Retrying: func(r exchange.Retry) { t.Out.Print(t.Readable(report.Retrying(r))) },
	})
	t.Tokens()
	if err != nil {
		return err
	}
	t.Session()
	if t.Step.CheckOnly {
		t.Check(export.Advice(ctx, t.Step, t.lookup.Held(), t.Result.Session.AssumedRoleARN))
		return nil
	}
	return t.exporter().Run(ctx)
}

// prepare reads and checks everything before any request.
func (t *taskRun) prepare(ctx context.Context) error {
	var err error
	t.Step, err = pipeline.Read(ctx, t.lookup)
	for _, s := range t.Step.Secrets {
		t.Out.Mask(s)
	}
	t.Ignored()
	if err != nil {
		return err
	}
	t.Step.Plan.Network.UserAgent = "assume-aws-role/" + t.env.Version
	t.Step.Plan.Extension = t.env.Extension
	t.Network()
	if t.Step.CheckOnly {
		return nil
	}
	if err := export.Check(t.Step, t.lookup.Held()); err != nil {
		return err
	}
	if t.Step.Export.Mode.Profile() {
		return t.prepareProfile(ctx)
	}
	return nil
}

func (t *taskRun) exporter() export.Exporter {
	return export.Exporter{Log: &t.Log, Held: t.lookup.Held(), Now: t.env.Now, Profile: t.profile}
}

// fail reports the step's one error.
func (t *taskRun) fail(err error) {
	t.discardProfile()
	f := fault.Of(err, "the task stopped for an unknown reason")
	t.MaskAccounts(f.Message())
	t.Out.LogIssue(vso.IssueError, string(f.Code), t.Run().Failure(f).Message())
	t.Out.Complete(vso.Failed)
}
