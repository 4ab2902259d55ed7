package pipeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Step is everything this step was asked to do, checked.
type Step struct {
	// Plan is what the exchange needs, now and for each renewal.
	Plan Plan
	// Kind is the identity that connectionType chose.
	Kind IdentityKind
	// RoleSource says which input, environment or connection named the role.
	RoleSource string
	// Pinned reports whether the service connection names the role.
	Pinned bool
	// Environment is the environment of the run, when environmentRoles asked for it.
	Environment EnvironmentName
	// Region is exported to later steps; RegionSource says where it came from.
	Region, RegionSource string
	Export               Export
	CheckOnly            bool
	// Unused are inputs that are filled but that the choices in force do not use.
	Unused []Unused
	// TempDirectory is the agent's directory for the files of one job.
	TempDirectory string
	// InContainer reports whether TempDirectory is a path as job containers see it.
	InContainer bool
	// Notes are remarks for the log about the agent's network settings.
	Notes []network.Note
	// JobSecrets are the values of the job's secret variables, which the agent masks.
	JobSecrets []secret.Value
	// Secrets are the values to mask before anything is printed. They are complete even
	// when Read fails.
	Secrets []secret.Value
	quoter  quoter
}

// Shown is a value of an input as a line of the log says it: not at all where the input
// has to do with a secret of the job.
func (s *Step) Shown(input, value string) string {
	if s.quoter.withheld[input] {
		return notShown
	}
	return value
}

// ShownRole is the role as a line of the log says it.
func (s *Step) ShownRole() string { return s.Shown(s.roleInput(), s.Plan.Role.ARN.String()) }

// trimmed are secrets of the job without the spaces around them, where an input holds one:
// inputs are trimmed, and the agent masks what an earlier step has set as it was set.
func (s *Step) trimmed(in Inputs) []secret.Value {
	var out []secret.Value
	for _, v := range s.JobSecrets {
		text := strings.TrimSpace(v.Reveal())
		holds := func(f field) bool { return strings.Contains(f.value, text) }
		if text != v.Reveal() && text != "" && slices.ContainsFunc(in.all(), holds) {
			out = append(out, secret.New(text))
		}
	}
	return out
}

// ExportMode says how later steps get the credentials.
type ExportMode string

// The modes of exportAs.
const (
	ExportVariables ExportMode = "variables"
	ExportProfile   ExportMode = "profile"
	ExportBoth      ExportMode = "both"
)

// exportModes are all of them.
var exportModes = []ExportMode{ExportVariables, ExportProfile, ExportBoth}

// Variables reports whether credentials are exported as job variables.
func (m ExportMode) Variables() bool { return m != ExportProfile }

// Profile reports whether a profile is written.
func (m ExportMode) Profile() bool { return m != ExportVariables }

// Export is what later steps get.
type Export struct {
	Mode          ExportMode
	Prefix        string
	ProfileName   string
	AWSToolkit    bool
	MaskAccountID bool
}

// Read is the one door from the agent's environment to a Step. It makes no request. The
// faults are AAR-INPUT, which lists every problem of the inputs, AAR-VARIABLE-COLLISION,
// AAR-SYSTEM-ENDPOINT, AAR-JOB-TOKEN, AAR-SERVER-UNSUPPORTED and AAR-PROXY. Together with
// a fault the Step holds Secrets and, as far as they are known, Unused and Export.
func Read(ctx context.Context, lookup Lookup) (Step, error) {
	in, err := readInputs(ctx, lookup)
	if err != nil {
		return Step{}, &fault.Fault{Code: fault.Input, Summary: "the inputs of this step cannot be read", Cause: err}
	}
	s := Step{JobSecrets: lookup.Held().secrets(), Unused: unused(in)}
	settings, notes, proxyErr := network.FromAgent(ctx, lookup.Get, "")
	j := readJob(lookup)
	own := append(settings.Secrets(), j.JobToken)
	s.quoter = newQuoter(in, append(own, s.JobSecrets...))
	s.Secrets = append(append(accountsToMask(in, lookup), own...), s.trimmed(in)...)
	s.Notes, s.Plan.Network, s.Plan.Job = notes, settings, j.Job
	s.TempDirectory, s.InContainer = j.tempDirectory, containerPath(j.tempDirectory)
	if err := j.check(lookup, s.quoter); err != nil {
		return s, err
	}
	if err := s.fill(in, j, lookup); err != nil {
		return s, err
	}
	return s, proxyErr
}

// Timeout is how long the whole step may take, reading its surroundings included; an
// invalid timeoutSeconds, which Read reports, counts as the default.
func Timeout(lookup Lookup) time.Duration {
	text, _ := inputLookuper{lookup}.Lookup("timeoutSeconds")
	return timeout(text, &problems{})
}

func timeout(text string, p *problems) time.Duration {
	return time.Duration(integer("timeoutSeconds", text, 120, 5, 600, p)) * time.Second
}

// fill checks all inputs together with the agent's variables.
func (s *Step) fill(in Inputs, j job, lookup Lookup) error {
	p := &problems{quoter: s.quoter}
	unresolved(in, p)
	conn := identity(in, lookup, s, p)
	s.Plan.Masked = maskedValues(in, lookup)
	role(in, j, lookup, conn, s, p)
	s.Plan.Chain = chain(in, s.Plan.Role.ARN, p)
	limits(in, &s.Plan, p)
	s.Plan.Guard = guard(in, s.Plan, p)
	s.Export = export(in, p)
	s.Plan.MaskAccountID = s.Export.MaskAccountID
	s.CheckOnly = boolean("checkOnly", in.CheckOnly, p)
	s.Plan.WaitForPropagation = boolean("waitForPropagation", in.WaitForPropagation, p)
	timeout(in.TimeoutSeconds, p)
	s.Plan.STSEndpoint = stsEndpoint(in.STSEndpoint, s.Plan.Role.ARN, s.Region, p)
	return p.fault()
}

// accountID finds account ids in the texts of inputs.
var accountID = pattern.Lazy(`\b[0-9]{12}\b`)

// accountsToMask are the account ids that the inputs and the pin name, when maskAccountId
// is set; they count even when the inputs turn out to be wrong.
func accountsToMask(in Inputs, lookup Lookup) []secret.Value {
	if !strings.EqualFold(in.MaskAccountID, "true") {
		return nil
	}
	var out []secret.Value
	texts := []string{in.RoleARN, in.EnvironmentRoles, in.ChainRoleARN, in.AllowedAccountIDs, in.SessionPolicyARNs, in.SessionPolicy}
	for _, conn := range in.connections(lookup) {
		texts = append(texts, conn.pinnedRoles()...)
	}
	for _, text := range texts {
		for _, id := range accountID().FindAllString(text, -1) {
			out = append(out, secret.New(id))
		}
	}
	return out
}

// maskedParameters are the authorization parameters that are no secrets, may
// appear in this task's log, and are registered with the agent's masker
// (microsoft/azure-pipelines-agent src/Agent.Worker/Worker.cs).
var maskedParameters = []string{
	"ASSUMEROLEARN", "SERVICEPRINCIPALID",
	"WORKLOADIDENTITYFEDERATIONISSUER", "WORKLOADIDENTITYFEDERATIONSUBJECT",
}

// maskedValues are those parameters of every connection that the inputs select.
// One that is not used counts, too: the agent masks for the whole job.
func maskedValues(in Inputs, lookup Lookup) []string {
	var out []string
	for _, conn := range in.connections(lookup) {
		for _, name := range maskedParameters {
			if v := conn.parameter(name); v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}
