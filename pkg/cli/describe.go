package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// say prints one line of the log: a name and a value that stays readable.
func (t *taskRun) say(name, value string) {
	t.out.Print(t.readable(fmt.Sprintf("%-14s %s", name+":", value)))
}

// shortSeconds is the session length below which a profile renews annoyingly often.
const shortSeconds = 1800

// describeUnused names inputs that are filled in vain, also when the inputs are
// wrong: a connection in the input of another connectionType explains a lot.
func (t *taskRun) describeUnused() {
	if len(t.step.Unused) > 0 {
		t.out.Print("not used with the choices of this step: " + strings.Join(t.step.Unused, ", "))
	}
}

// describeStep says what is about to be done.
func (t *taskRun) describeStep() {
	if env := t.step.Role.Environment; env.Name != "" {
		t.say("environment", env.Name+" (from "+env.Source+")")
	}
	t.say("role", t.step.Role.ARN.Full+" (from "+t.step.Role.Source+")")
	if t.step.Chain != nil {
		t.say("second role", t.step.Chain.ARN.Full)
	}
	t.say("region", t.step.Role.Region+" (from "+t.step.Role.RegionSource+")")
	t.say("session name", t.step.Role.SessionName)
	if t.step.Export.Mode.Profile() && t.step.Role.DurationSeconds < shortSeconds && !t.step.CheckOnly {
		t.out.LogIssue(vso.IssueWarning, "", "durationSeconds is below 1800: with a profile, tools ask for new credentials every few minutes; 3600 is a better choice.")
	}
}

// describeTokens says what the tokens hold, as far as there are any.
func (t *taskRun) describeTokens() {
	r := t.result
	if r.Pipeline != nil && r.Identity != nil && r.Pipeline != r.Identity {
		t.say("guarded by", r.Pipeline.Subject+" (the pipeline's own token, compared with requiredClaims)")
	}
	if r.Identity != nil {
		t.describeToken(*r.Identity)
	}
	if r.Presented != nil && r.Presented != r.Identity {
		t.out.Print(t.readable("exchanged at Microsoft Entra for a token of the audience " + t.step.Identity.Entra.Audience + ":"))
		t.describeToken(*r.Presented)
	}
	t.retirement()
}

func (t *taskRun) describeToken(c claims.UnverifiedClaims) {
	t.say("identity", c.Flavour().String())
	t.say("issuer", c.Issuer)
	t.say("subject", c.Subject)
	t.say("audience", strings.Join(c.Audience, ", "))
	if c.AuthorizedParty != "" {
		t.say("authorized", c.AuthorizedParty+" (azp)")
	}
	t.say("token times", "issued "+stated(c.IssuedAt)+", expires "+stated(c.Expires))
	aws := c.AWS()
	seen := ":aud = " + aws.Audience
	if aws.OriginalAudience != "" {
		seen += ", :oaud = " + aws.OriginalAudience
	}
	t.say("AWS sees", seen+", :sub = "+aws.Subject)
}

// stated is a time of a token, which may lack it.
func stated(at time.Time) string {
	if at.IsZero() {
		return "at a time not stated"
	}
	return stamp(at)
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// migrationPage is Microsoft's announcement of the issuer's retirement.
const migrationPage = "https://devblogs.microsoft.com/devops/retirement-of-azure-devops-issuer-in-workload-identity-federation-service-connections/"

// retirement speaks about the end of the Azure DevOps issuer, as far as Microsoft
// has said anything about this kind of identity.
func (t *taskRun) retirement() {
	if t.result.Identity == nil || !strings.HasPrefix(t.result.Identity.Issuer, "https://vstoken.dev.azure.com/") {
		return
	}
	if t.step.Identity.Kind == pipeline.AzureResourceManager {
		t.out.LogIssue(vso.IssueWarning, "", "This connection uses the Azure DevOps issuer, which Microsoft retires on 2027-07-01. "+
			"Convert the connection, and trust both issuers meanwhile (assume-aws-role trust-policy generate --migrate): "+migrationPage)
		return
	}
	t.out.Print("issuer note:   Microsoft has announced the retirement of this issuer on 2027-07-01 for connections that can be converted, " +
		"and has not said what happens to this type of identity: " + migrationPage)
}

// describeSession says what AWS answered.
func (t *taskRun) describeSession() {
	if t.step.Chain != nil {
		t.say("first role", t.result.First.AssumedRoleARN)
	}
	s := t.result.Session
	t.say("assumed role", s.AssumedRoleARN)
	t.say("account", t.step.Target().Account)
	t.shortSession(s.Credentials.Expires.Sub(t.env.Now()))
	t.say("expires", stamp(s.Credentials.Expires)+" (in "+s.Credentials.Expires.Sub(t.env.Now()).Round(time.Second).String()+")")
}

// shortSession warns when AWS granted much less than was asked for, which is
// accepted; asking for too little was warned of before.
func (t *taskRun) shortSession(life time.Duration) {
	if !t.step.Export.Mode.Profile() || t.step.CheckOnly || t.step.Role.DurationSeconds < shortSeconds || life > shortSeconds*time.Second-time.Minute {
		return
	}
	t.out.LogIssue(vso.IssueWarning, "", fmt.Sprintf("AWS granted a session of %s only, %d seconds were asked for: with a profile, tools ask for new credentials every few minutes.",
		life.Round(time.Second), t.step.Role.DurationSeconds))
}
