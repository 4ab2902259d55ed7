package pipeline

import (
	"slices"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Step is everything this step was asked to do, checked.
type Step struct {
	Job      Job
	Identity Identity
	Role     Role
	Chain    *Chain // nil without a second role
	Guard    Guard
	Export   Export
	// STSEndpoint is the URL of AWS STS and the region that its requests are signed for.
	STSEndpoint STSEndpoint
	// Timeout bounds the whole step.
	Timeout time.Duration
	// WaitForPropagation allows retries of the answers that a role or provider
	// created just now gives.
	WaitForPropagation bool
	CheckOnly          bool
	// Unused names inputs that are filled but not used by the choices in force.
	Unused []string
	// Masked are values that the agent replaces by *** in this job's log.
	Masked []string
}

// Role is the first role and how it is assumed.
type Role struct {
	ARN             RoleARN
	Source          string // which input, environment or connection named the role
	Environment     EnvironmentName
	Region          string
	RegionSource    string
	SessionName     string
	DurationSeconds int32
	Policy          string
	PolicyARNs      []string
}

// Chain is the second role.
type Chain struct {
	ARN               RoleARN
	ExternalID        secret.Value `json:"-"`
	Tags              []Tag
	TransitiveTagKeys []string
	SourceIdentity    string
}

// Tag is one session tag.
type Tag struct{ Key, Value string }

// Guard are the checks that stop a step which would get the wrong credentials.
type Guard struct {
	Accounts []string
	Claims   []ClaimRule
}

// ExportMode says how later steps get the credentials.
type ExportMode string

// The modes of exportAs.
const (
	ExportVariables ExportMode = "variables"
	ExportProfile   ExportMode = "profile"
	ExportBoth      ExportMode = "both"
)

// Variables tells whether credentials are exported as job variables.
func (m ExportMode) Variables() bool { return m != ExportProfile }

// Profile tells whether a profile is written.
func (m ExportMode) Profile() bool { return m != ExportVariables }

// Export is what later steps get.
type Export struct {
	Mode          ExportMode
	Prefix        string
	ProfileName   string
	AWSToolkit    bool
	MaskAccountID bool
}

// NewStep checks all inputs together with the agent's variables. The fault
// AAR-INPUT lists every problem; no request has been made.
func NewStep(in Inputs, job Job, lookup Lookup) (Step, error) {
	p := &problems{}
	s := Step{Job: job, Unused: unused(in)}
	unresolved(in, p)
	var conn endpoint
	s.Identity, conn = identity(in, lookup, p)
	s.Masked = maskedValues(in, lookup)
	s.Role = role(in, job, lookup, s.Identity.Kind, conn, p)
	s.Chain = chain(in, s.Role.ARN, p)
	limits(in, &s, p)
	s.Guard = guard(in, s, p)
	s.Export = export(in, p)
	s.CheckOnly = boolean("checkOnly", in.CheckOnly, p)
	s.WaitForPropagation = boolean("waitForPropagation", in.WaitForPropagation, p)
	s.Timeout = time.Duration(integer("timeoutSeconds", in.TimeoutSeconds, 120, 5, 600, p)) * time.Second
	s.STSEndpoint = stsEndpoint(in.STSEndpoint, s.Role, p)
	return s, p.fault()
}

// Target is the role whose credentials are exported.
func (s Step) Target() RoleARN {
	if s.Chain != nil {
		return s.Chain.ARN
	}
	return s.Role.ARN
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
	for _, kind := range []IdentityKind{AWSOIDC, AWSToolkit, AzureResourceManager, AzureDevOps} {
		_, id := in.connectionInput(kind)
		for _, name := range maskedParameters {
			v := endpoint{lookup, strings.ToLower(id)}.parameter(name)
			if v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// field is one input with its name, value and default.
type field struct{ name, value, standard string }

// conditional is an input that is used under some choices only.
type conditional struct {
	field
	used bool
}

// dependent lists the inputs that are used under some choices only, and whether
// the choices of in use them.
func dependent(in Inputs) []conditional {
	kind := IdentityKind(in.ConnectionType)
	if kind == "" {
		kind = AWSOIDC
	}
	mode := ExportMode(in.ExportAs)
	list := []conditional{
		{field{"entraAudience", in.EntraAudience, ""}, kind.azure()},
		{field{"environment", in.Environment, ""}, in.EnvironmentRoles != ""},
		{field{"profileName", in.ProfileName, "default"}, mode == ExportProfile || mode == ExportBoth},
		{field{"variablePrefix", in.VariablePrefix, ""}, mode != ExportProfile || strings.EqualFold(in.ExportForAWSToolkit, "true")},
	}
	for _, k := range []IdentityKind{AWSOIDC, AWSToolkit, AzureResourceManager, AzureDevOps} {
		name, value := in.connectionInput(k)
		list = append(list, conditional{field{name, value, ""}, k == kind})
	}
	return list
}

// unused names inputs that hold something of their own but are not used.
func unused(in Inputs) []string {
	var names []string
	for _, f := range dependent(in) {
		if !f.used && f.value != "" && f.value != f.standard {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return names
}

// unresolved reports inputs in force that still hold a macro: the agent leaves
// $(name) as it is when there is no such variable.
func unresolved(in Inputs, p *problems) {
	idle := unused(in)
	for _, f := range in.all() {
		if m := macro().FindString(f.value); m != "" && !slices.Contains(idle, f.name) {
			p.add(f.name, "the variable in %s does not exist, or is not available here", shown(m))
		}
	}
}
