package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// Log tells a step's run, part by part, as it goes on.
type Log struct {
	Out    *vso.Writer
	Step   pipeline.Step
	Result exchange.Result
}

// Run is what there is to tell of the exchange.
func (l *Log) Run() Run { return Run{Plan: l.Step.Plan, Result: l.Result, Masked: l.Step.JobSecrets} }

// Readable is text as Print shows it: parameters of the connection, which the agent masks
// although they are no secrets, stay readable. What the job declared secret stays masked;
// only a denial and checkOnly, whose texts have to be pasted, keep that readable where a
// claim holds it.
func (l *Log) Readable(text string) string {
	r := l.Run()
	if !l.Step.CheckOnly {
		r.Masked = nil
	}
	return r.readable(text)
}

// ids are GUIDs, whose last part can look like an account.
var ids = pattern.Lazy(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// MaskAccounts registers the account ids that a text of AWS, or of what the job already
// holds, names beside those of the inputs, when the step asks for that.
func (l *Log) MaskAccounts(text string) {
	if !l.Step.Export.MaskAccountID {
		return
	}
	for _, number := range strings.FieldsFunc(ids().ReplaceAllString(text, ""), func(r rune) bool { return r < '0' || r > '9' }) {
		if iam.Account(number).Valid() {
			l.Out.Mask(secret.New(number))
		}
	}
}

// line prints one line of the log: a name and a value that stays readable.
func (l *Log) line(name, value string) {
	l.Out.Print(l.Readable(fmt.Sprintf("%-14s %s", name+":", value)))
}

// Ignored names inputs that are filled in vain, also when the inputs are wrong: a
// connection in the input of another connectionType explains a lot.
func (l *Log) Ignored() {
	if len(l.Step.Unused) == 0 {
		return
	}
	var parts []string
	for _, u := range l.Step.Unused {
		parts = append(parts, "because "+u.Because+": "+strings.Join(u.Inputs, ", "))
	}
	l.Out.Print("ignored, " + strings.Join(parts, "; "))
}

// Network says how the agent's network settings are used.
func (l *Log) Network() {
	for _, n := range l.Step.Notes {
		if n.Debug {
			l.Out.Debug(n.Text)
			continue
		}
		l.Out.Print(n.Text)
	}
}

// shortSeconds is the session length below which the credentials of a profile are
// renewed every few minutes.
const shortSeconds = 1800

// Intent says what is about to be done.
func (l *Log) Intent() {
	if env := l.Step.Environment; env.Name != "" {
		l.line("environment", l.Step.Shown("environment", env.Name)+" (from "+env.Source+")")
	}
	role := l.Step.Plan.Role
	l.line("role", l.Step.ShownRole()+" (from "+l.Step.RoleSource+")")
	if chain := l.Step.Plan.Chain; chain != nil {
		l.line("second role", l.Step.Shown("chainRoleArn", chain.ARN.String()))
	}
	l.line("region", l.Step.Shown("region", l.Step.Region)+" (from "+l.Step.RegionSource+")")
	l.line("session name", l.Step.Shown("roleSessionName", role.SessionName))
	l.line("guards", guards(l.Step))
	if l.Step.Export.Mode.Profile() && role.DurationSeconds < shortSeconds && !l.Step.CheckOnly {
		l.Out.LogIssue(vso.IssueWarning, "", "durationSeconds is below 1800: with a profile, tools ask for new credentials every few minutes; use 3600.")
	}
}

// some names the first of many items and counts the rest.
func some(items []string) string {
	const most = 20
	if len(items) > most {
		items = append(slices.Clone(items[:most]), strconv.Itoa(len(items)-most)+" more")
	}
	return strings.Join(items, ", ")
}

// guards names the guards in force, so that one which an empty variable switched off is
// seen to be missing.
func guards(s pipeline.Step) string {
	var in []string
	if s.Pinned {
		in = append(in, "role pinned in the service connection")
	}
	var accounts, names []string
	for _, a := range s.Plan.Guard.Accounts {
		accounts = append(accounts, string(a))
	}
	for _, r := range s.Plan.Guard.Claims {
		names = append(names, r.Claim)
	}
	for _, g := range []struct {
		input string
		items []string
	}{{"allowedAccountIds", accounts}, {"requiredClaims", names}} {
		if len(g.items) > 0 {
			in = append(in, g.input+" "+s.Shown(g.input, some(g.items)))
		}
	}
	if len(in) == 0 {
		return "none (no pinned role, no allowedAccountIds, no requiredClaims)"
	}
	return strings.Join(in, "; ")
}

// Tokens says what the tokens hold, as far as there are any.
func (l *Log) Tokens() {
	r := l.Result
	if r.Pipeline != nil && r.Identity != nil && r.Pipeline != r.Identity {
		l.line("guarded by", r.Pipeline.Subject+" (the pipeline's own token, compared with requiredClaims)")
	}
	if r.Identity != nil {
		l.token(*r.Identity)
	}
	if r.Presented != nil && r.Presented != r.Identity {
		l.Out.Print(l.Readable("exchanged at Microsoft Entra for a token with the audience " + l.Step.Plan.Entra.Audience + ":"))
		l.token(*r.Presented)
	}
	l.retirement()
}

func (l *Log) token(c claims.UnverifiedClaims) {
	l.line("identity", c.Flavour().String())
	l.line("issuer", c.Issuer)
	l.line("subject", c.Subject)
	l.line("audience", strings.Join(c.Audience, ", "))
	if c.AuthorizedParty != "" {
		l.line("authorized", c.AuthorizedParty+" (azp)")
	}
	l.line("token valid", "from "+stated(c.IssuedAt)+" to "+stated(c.Expires))
	aws := c.AWS()
	keys := "aud = " + aws.Audience
	if aws.OriginalAudience != "" {
		keys += ", oaud = " + aws.OriginalAudience
	}
	l.Out.Print(l.Readable("AWS condition keys: " + keys + ", sub = " + aws.Subject))
}

// stated is a time of a token, which may lack it.
func stated(at time.Time) string {
	if at.IsZero() {
		return "a time not stated"
	}
	return Stamp(at)
}

// Stamp is a point in time as logs and outputs write it (RFC 3339, UTC).
func Stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// migrationPage is Microsoft's announcement of the issuer's retirement.
const migrationPage = "https://devblogs.microsoft.com/devops/retirement-of-azure-devops-issuer-in-workload-identity-federation-service-connections/"

// retirement speaks about the end of the Azure DevOps issuer, as far as Microsoft
// has said anything about this kind of identity.
func (l *Log) retirement() {
	if l.Result.Identity == nil || !claims.OfVSToken(l.Result.Identity.Issuer) {
		return
	}
	if l.Step.Kind == pipeline.AzureResourceManager {
		l.Out.LogIssue(vso.IssueWarning, "", "This connection uses the Azure DevOps issuer, which Microsoft retires on 2027-07-01. "+
			"Convert the connection, and trust both issuers meanwhile (assume-aws-role trust-policy generate --migrate): "+migrationPage)
		return
	}
	l.Out.Print("issuer note:   Microsoft has announced the retirement of this issuer on 2027-07-01 for connections that can be converted, " +
		"and has not said what happens to this type of identity: " + migrationPage)
}

// session is the ARN of a session, whose name an input may have set.
func (l *Log) session(arn string) string {
	role := roleSession(arn)
	return role + l.Step.Shown("roleSessionName", arn[len(role):])
}

// Session says what AWS answered.
func (l *Log) Session() {
	if l.Step.Plan.Chain != nil {
		l.line("first role", l.session(l.Result.First.AssumedRoleARN))
	}
	s := l.Result.Session
	life := s.Credentials.Expires.Sub(s.Credentials.Issued)
	l.line("assumed role", l.session(s.AssumedRoleARN))
	l.line("account", string(l.Step.Plan.Target().Account))
	l.line("expires", Stamp(s.Credentials.Expires)+" (in "+life.Round(time.Second).String()+")")
	l.shortSession(life)
}

// shortSession warns when AWS granted more than a twentieth less than was asked for,
// which is accepted.
func (l *Log) shortSession(life time.Duration) {
	asked := time.Duration(l.Step.Plan.Role.DurationSeconds) * time.Second
	if life >= asked-asked/20 {
		return
	}
	l.Out.LogIssue(vso.IssueWarning, "", fmt.Sprintf("AWS granted a session of %s instead of the %s that durationSeconds asks for; "+
		"the credentials expire that much earlier.", life.Round(time.Second), asked))
}

// Check ends a run with checkOnly. The advice more is about the export, had there been one.
func (l *Log) Check(more []string) {
	role := l.Step.Plan.Role.ARN
	x := trustpolicy.Explain(*l.Result.Presented, role.Partition, role.Account, trustpolicy.NotAllowed)
	l.Out.Print("", "checkOnly: the exchange works. Nothing was exported, and no output variables were set.",
		"For comparison, a trust policy that allows exactly this identity:", l.Run().readableJSON(x.Document), "",
		"Advice:")
	for _, a := range append(more, advice(l.Step.Plan)...) {
		l.MaskAccounts(a)
		l.Out.Print("  - " + a)
	}
}

// advice is what could be better about a set-up that works.
func advice(p pipeline.Plan) []string {
	lines := []string{"Compare the role's trust policy with the one above: conditions on both aud and sub, no wildcards."}
	if len(p.Guard.Accounts) == 0 {
		lines = append(lines, "Set allowedAccountIds, so that a wrong role ARN cannot reach another account.")
	}
	if p.ConnectionID == "" {
		lines = append(lines, "Use a service connection for production: approvals and checks do not guard the pipeline's own identity.")
	}
	return append(lines, "Set checkOnly to false to export the credentials.")
}
