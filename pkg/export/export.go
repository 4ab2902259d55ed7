// Package export owns what later steps get of the credentials and how: variables, the
// profile, outputs; what must be true of the job before that; and the advice about
// whatever else the job holds that has a say. It must not know how credentials are
// obtained.
//
// Rules of its advice: it names the variable and where it comes from, takes at most two
// sentences, and gives a way out that works in the agent's order of precedence; nothing
// is called exported that later steps cannot read; an ordinary job gets no warning.
package export

import (
	"context"
	"errors"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// Exporter hands the credentials of one run to later steps.
type Exporter struct {
	*report.Log
	// Held is what the job held before this step.
	Held pipeline.Held
	// Now is the clock.
	Now func() time.Time
	// Profile is where a profile was prepared; without an ID there is none.
	Profile ProfilePlace
}

// Run exports. Everything that can fail comes before the first variable is set.
func (x Exporter) Run(ctx context.Context) error {
	if err := exchange.Ended(ctx, "before the export"); err != nil {
		return err
	}
	if err := x.Out.Err(); err != nil {
		return &fault.Fault{Code: fault.Internal, Summary: "standard output is broken, so nothing can be exported", Cause: err}
	}
	mode := x.Step.Export.Mode
	if mode.Variables() && !x.expressible() {
		return &fault.Fault{
			Code: fault.Export, Summary: "the credentials cannot be written as pipeline variables",
			Why: "the variable DECODE_PERCENTS switches the agent's percent decoding off, and a credential holds text that the agent would decode.",
		}
	}
	var p awsprofile.Profile
	if mode.Profile() {
		var err error
		if p, err = x.profile(ctx); err != nil {
			return err
		}
	}
	x.announce(ctx, p)
	return x.Out.Err()
}

// announce sets the variables and says what later steps get, and what to know about it.
func (x Exporter) announce(ctx context.Context, p awsprofile.Profile) {
	mode := x.Step.Export.Mode
	if mode.Variables() {
		x.credentials()
	}
	for _, v := range x.surroundings().plain(p) {
		x.plain(v)
	}
	if mode.Profile() {
		x.clear()
	}
	x.outputs()
	if mode.Variables() {
		x.envBlock()
	}
	if mode.Profile() {
		x.profileNotice()
	}
	x.job()
	for _, text := range Advice(ctx, x.Step, x.Held, x.Result.Session.AssumedRoleARN) {
		x.MaskAccounts(text)
		x.Out.LogIssue(vso.IssueWarning, "", text)
	}
}

func (x Exporter) surroundings() surroundings {
	return surroundings{x.Step, x.Held, x.Result.Session.AssumedRoleARN}
}

func (x Exporter) expressible() bool {
	c := x.Result.Session.Credentials
	return x.Out.Expressible(c.SecretAccessKey) && x.Out.Expressible(c.SessionToken) && x.Out.Expressible(secret.New(c.AccessKeyID))
}

// unread begins the line about a value that is not set.
const unread = "not exported: the agent would reinterpret $(, a command, a line break or an escape in the value: "

// plain sets a variable that is no secret, and says so. It is not set when later steps
// could not read it, of which Advice speaks, or when the agent would expand its value.
func (x Exporter) plain(v variable) {
	if x.surroundings().unreadable(v.name) {
		return
	}
	if err := x.Out.SetVariable(v.name, v.value); errors.Is(err, vso.ErrInexpressible) {
		x.Out.Print(unread + x.surroundings().name(v.name))
		return
	}
	if x.Held.Secret(v.name) {
		x.Out.Print("exporting as secret, because it is one: " + x.surroundings().name(v.name))
		return
	}
	x.Out.Print("exporting: " + x.surroundings().name(v.name) + "=" + x.Step.Shown(v.input, v.value))
	if said := x.surroundings().replaced(v); said != "" {
		x.MaskAccounts(said)
		x.Out.Print(said)
	}
}

// clear empties what takes precedence over the profile, and names it.
func (x Exporter) clear() {
	s := x.surroundings()
	for _, name := range cleared {
		if x.Held.Value(name) != "" && s.clearable(name) {
			_ = x.Out.SetVariable(name, "")
			x.Out.Print("cleared for the rest of this job, because it takes precedence over the profile: " + name + " (" + s.origin(name) + ")")
		}
	}
}

// outputs sets the output variables of the step. Any later step and the run's record show
// their values, so none is set that contains the job's token.
func (x Exporter) outputs() {
	values := []struct{ name, value string }{
		{"accountId", string(x.Step.Plan.Target().Account)},
		{"assumedRoleArn", x.Result.Session.AssumedRoleARN},
		{"expiration", report.Stamp(x.Result.Session.Credentials.Expires)},
		{"issuer", x.Result.Presented.Issuer},
		{"subject", x.Result.Presented.Subject},
	}
	for _, o := range values {
		if x.Log.Run().HoldsJobToken(o.value) {
			x.Out.Print("not exported, because it contains the job's access token: " + o.name)
			continue
		}
		if err := x.Out.SetOutput(o.name, o.value); err != nil {
			x.Out.Print(unread + o.name)
		}
	}
}

// job says where the export ends, in jobs that look like parts of one.
func (x Exporter) job() {
	if x.Held.Public("Strategy.Name") {
		x.Out.Print("This is a deployment job: each of its hooks is a job of its own, so every hook that uses AWS needs this step.")
	}
}
