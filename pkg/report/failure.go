// Package report owns how a run is told to the people who read its log: what was asked
// for, what the tokens say, what AWS answered, and a failure as its reader needs it. The
// step and the renewals of a profile share it. It must not know how anything is obtained
// or exported.
//
// Rules of its messages: say what happened, why, and what to do; one fact per line; a
// name, a colon and a value where a line states a value; no secret, no text from outside
// that has not passed vso.Neutralise; values that the agent would mask although they are
// no secrets are written so that they stay readable and can be pasted.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Run is what there is to tell of one exchange, of the step or of a renewal.
type Run struct {
	Plan   pipeline.Plan
	Result exchange.Result
	// Masked are values that the agent masks beside Plan.Masked: the job's secret variables.
	Masked []secret.Value
}

// Failure is a fault as its reader needs it: what the agent masks stays readable, a
// clock that is off is named, and a denial is explained.
func (r Run) Failure(f *fault.Fault) *fault.Fault {
	g := *f
	g.Summary, g.Why = r.readable(f.Summary), r.readable(f.Why)
	g.Remedy, g.Details = r.allReadable(f.Remedy), r.allReadable(f.Details)
	if said := skewText(f.Code, r.Result.Skew); said != "" {
		g.Details = append(g.Details, said)
	}
	g.Details = append(g.Details, r.explain(f.Code)...)
	return &g
}

// Renewal is a fault of a renewal, which speaks of the call instead of the step.
func (r Run) Renewal(f *fault.Fault) *fault.Fault {
	g := *r.Failure(f)
	switch f.Code {
	case fault.Timeout:
		g.Summary, g.Remedy = "the credentials could not be renewed in time", []string{"Look for the slow leg named above."}
	case fault.Canceled:
		g.Summary, g.Why = "the renewal was canceled", "the process that renews the credentials was asked to stop."
		g.Remedy = []string{"Run the command again."}
	default:
	}
	return &g
}

// maxSkew is the difference of clocks that AWS tolerates in a token's validity period.
const maxSkew = 5 * time.Minute

// skewText names a clock that is off as a likely cause of what a server refused.
func skewText(code fault.Code, d time.Duration) string {
	ofServer := func(group string) bool { return strings.HasPrefix(string(code), group) }
	if !slices.ContainsFunc([]string{"AAR-OIDC-", "AAR-ENTRA-", "AAR-STS-", "AAR-CHAIN-", string(fault.Clock)}, ofServer) {
		return ""
	}
	var direction string
	switch {
	case d > maxSkew:
		direction = "ahead of"
	case d < -maxSkew:
		direction = "behind"
	default:
		return ""
	}
	return fmt.Sprintf("Likely cause: the server's clock is %s %s this agent's clock; AWS tolerates 5 minutes. Set the agent's clock (NTP).",
		d.Abs().Round(time.Second), direction)
}

// Retrying is the line about a request that is about to be repeated.
func Retrying(n exchange.Retry) string {
	when := "in " + n.Wait.Round(100*time.Millisecond).String()
	if n.Wait == 0 {
		when = "at once"
	}
	return fmt.Sprintf("%s: %s; next try %s (%d of %d)", n.Request, n.Fault.Brief(), when, n.Attempt, n.Attempts)
}
