// Package export owns what later steps get of the credentials and how: variables, the
// profile, outputs; what must be true of the job before that; and the advice about
// whatever else the job holds that has a say. It must not know how credentials are
// obtained.
//
// Rules of its advice: it names the variable and where it comes from, and gives a way out
// that works in the agent's order of precedence; nothing is called exported that later
// steps cannot read.
package export

import (
	"context"
	"errors"
	"strings"
	"time"

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
			Why: "the pipeline sets DECODE_PERCENTS=false, and a credential holds text that the agent would decode.",
		}
	}
	if mode.Profile() {
		if err := x.profile(ctx); err != nil {
			return err
		}
	}
	if mode.Variables() {
		x.variables()
	}
	x.precedence()
	x.outputs()
	return x.Out.Err()
}

func (x Exporter) expressible() bool {
	c := x.Result.Session.Credentials
	return x.Out.Expressible(c.SecretAccessKey) && x.Out.Expressible(c.SessionToken) && x.Out.Expressible(secret.New(c.AccessKeyID))
}

// unread begins the line about a value that is not set.
const unread = "not exported: the agent would reinterpret $(, a line break or an escape in the value: "

// plain sets a variable that is no secret, and says so. It is not set when the name is
// secret, because later steps could not read it, or when the agent would expand the
// value. An earlier value that is replaced is named.
func (x Exporter) plain(name, value string) {
	if x.Held.Secret(name) {
		x.warn(name + " is a secret variable of this job, and a name that is secret stays secret: later steps do not get the value " + value + ". " +
			"Remove or rename the secret variable, or write " + name + ": " + value + " into the env: block of the steps that need it.")
		return
	}
	if err := x.Out.SetVariable(name, value); errors.Is(err, vso.ErrInexpressible) {
		x.Out.Print(unread + name)
		return
	}
	x.Out.Print("exporting: " + name + "=" + x.Readable(value))
	x.replaced(name, value)
	if twin, ok := x.Held.Twin(name); ok && !strings.EqualFold(twin, "AWS.Region") {
		x.warn("The job also has the variable " + twin + ", which becomes the same environment variable as " + name + ": later steps may get either value. Remove " + twin + ".")
	}
}

// replaced names a value of the user's own that the step has replaced.
func (x Exporter) replaced(name, value string) {
	before := x.Held.Value(name)
	if before == "" || before == value {
		return
	}
	line := "replaced: " + name + " was " + before + " (" + x.origin(name) + ")"
	if strings.HasPrefix(name, "AWS_CONFIG") || strings.HasPrefix(name, "AWS_SHARED") || name == "AWS_PROFILE" {
		line += "; to keep profiles of your own, see " + docs + "profile.md#keep-your-own-profiles"
	}
	x.Out.Print(x.Readable(line))
}

const docs = "https://github.com/assume-aws-role/assume-aws-role/blob/main/docs/"

// origin says where an environment variable comes from.
func (x Exporter) origin(key string) string {
	if name, ok := x.Held.Variable(key); ok {
		return "pipeline variable " + name
	}
	return "environment of the agent or of this step"
}

func (x Exporter) warn(text string) { x.Out.LogIssue(vso.IssueWarning, "", x.Readable(text)) }

// outputs sets the output variables of the step.
func (x Exporter) outputs() {
	values := []struct{ name, value string }{
		{"accountId", string(x.Step.Plan.Target().Account)},
		{"assumedRoleArn", x.Result.Session.AssumedRoleARN},
		{"expiration", report.Stamp(x.Result.Session.Credentials.Expires)},
		{"issuer", x.Result.Presented.Issuer},
		{"subject", x.Result.Presented.Subject},
	}
	for _, o := range values {
		if err := x.Out.SetOutput(o.name, o.value); err != nil {
			x.Out.Print(unread + o.name)
		}
	}
}
