package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// task is the main part of the pipeline step. It always returns 0: the agent
// reads the outcome from the logging command, and a second, vaguer error would
// follow from any other status.
func task(ctx context.Context, e Env) int {
	out := newWriter(e)
	t := &taskRun{env: e, out: out, lookup: e.Lookup}
	if err := t.guarded(ctx); err != nil {
		t.fail(err)
	}
	return exitOK
}

// newWriter is the step's one way to speak. DECODE_PERCENTS is a public variable
// by which a pipeline switches the agent's percent decoding off.
func newWriter(e Env) *vso.Writer {
	v, _ := e.Lookup("DECODE_PERCENTS")
	return vso.NewWriter(e.Stdout, !strings.EqualFold(strings.TrimSpace(v), "false"))
}

// taskRun is one run of the step.
type taskRun struct {
	env    Env
	out    *vso.Writer
	lookup pipeline.Lookup
	plan   exchange.Plan
	account
}

// guarded turns a panic into a fault. What it carried is not printed: it could
// hold anything.
func (t *taskRun) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &fault.Fault{Code: fault.Internal, Summary: "the task hit a defect of its own", Details: stack()}
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
	if err := t.prepare(ctx); err != nil {
		return err
	}
	t.describeStep()
	ctx, cancel := context.WithTimeout(ctx, t.step.Timeout)
	defer cancel()
	var err error
	t.result, err = exchange.Run(ctx, t.plan, exchange.Options{Now: t.env.Now, Mask: t.out.Mask})
	t.describeTokens()
	if err != nil {
		return err
	}
	t.describeSession()
	if t.step.CheckOnly {
		t.reportCheck()
		return nil
	}
	return t.export(ctx)
}

// prepare reads and checks everything before any request.
func (t *taskRun) prepare(ctx context.Context) error {
	in, err := pipeline.ReadInputs(ctx, t.lookup)
	if err != nil {
		return &fault.Fault{Code: fault.Input, Summary: "the inputs of this step cannot be read", Cause: err}
	}
	t.maskAccounts(in)
	settings, notes, proxyErr := network.FromAgent(t.lookup.Get, "assume-aws-role/"+t.env.Version)
	for _, s := range settings.Secrets() {
		t.out.Mask(s)
	}
	job, err := pipeline.ReadJob(t.lookup)
	t.out.Mask(job.JobToken)
	if err != nil {
		return err
	}
	t.step, err = pipeline.NewStep(in, job, t.lookup)
	t.describeUnused()
	if err != nil {
		return err
	}
	if proxyErr != nil {
		return proxyErr
	}
	t.plan = exchange.Plan{Step: t.step, Network: settings}
	for _, n := range notes {
		t.note(n)
	}
	if t.step.Export.Mode.Profile() && !t.step.CheckOnly {
		return awsprofile.Check(job.TempDirectory)
	}
	return nil
}

func (t *taskRun) note(n network.Note) {
	if n.Debug {
		t.out.Debug(n.Text)
		return
	}
	t.out.Print(n.Text)
}

// accountID finds account ids in the texts of inputs.
var accountID = pattern.Lazy(`\b[0-9]{12}\b`)

// maskAccounts registers every account id that the inputs name, before anything
// is printed, even when the inputs turn out to be wrong.
func (t *taskRun) maskAccounts(in pipeline.Inputs) {
	if !strings.EqualFold(in.MaskAccountID, "true") {
		return
	}
	texts := []string{in.RoleARN, in.EnvironmentRoles, in.ChainRoleARN, in.AllowedAccountIDs, in.SessionPolicyARNs, in.SessionPolicy}
	texts = append(texts, pipeline.PinnedRoles(in, t.lookup)...)
	for _, text := range texts {
		for _, id := range accountID().FindAllString(text, -1) {
			t.out.Mask(secret.New(id))
		}
	}
}

// accountInARN finds the account ids of ARNs in texts of AWS.
var accountInARN = pattern.Lazy(`:([0-9]{12}):`)

// maskNamed registers the account ids that an answer of AWS names beside those of
// the inputs.
func (t *taskRun) maskNamed(text string) {
	if !t.step.Export.MaskAccountID {
		return
	}
	for _, m := range accountInARN().FindAllStringSubmatch(text, -1) {
		t.out.Mask(secret.New(m[1]))
	}
}

// fail reports the step's one error.
func (t *taskRun) fail(err error) {
	f := fault.Of(err, "the task stopped for an unknown reason")
	t.maskNamed(f.Message())
	t.out.LogIssue(vso.IssueError, string(f.Code), t.told(f).Message())
	t.out.Complete(vso.Failed)
}

// told is a failure as its reader needs it: what the agent masks stays readable, a
// clock that is off is named, and a denial is explained.
func (t account) told(f *fault.Fault) *fault.Fault {
	g := *f
	g.Summary, g.Why = t.readable(f.Summary), t.readable(f.Why)
	g.Remedy, g.Details = t.allReadable(f.Remedy), t.allReadable(f.Details)
	if said := skewText(f.Code, t.result.Skew); said != "" {
		g.Details = append(g.Details, said)
	}
	g.Details = append(g.Details, t.explain(f.Code)...)
	return &g
}

func (t account) allReadable(texts []string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, t.readable(text))
	}
	return out
}

// maxSkew is the difference of clocks that AWS tolerates in a token's times.
const maxSkew = 5 * time.Minute

// skewText names a clock that is off as a likely cause of what a server refused.
func skewText(code fault.Code, d time.Duration) string {
	ofServer := func(group string) bool { return strings.HasPrefix(string(code), group) }
	if d.Abs() <= maxSkew || !slices.ContainsFunc([]string{"AAR-OIDC-", "AAR-ENTRA-", "AAR-STS-", "AAR-CHAIN-", string(fault.Clock)}, ofServer) {
		return ""
	}
	direction := "ahead of"
	if d < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("Likely cause: the server's clock is %s %s this agent's clock; AWS tolerates 5 minutes. Set the agent's clock (NTP).",
		d.Abs().Round(time.Second), direction)
}
