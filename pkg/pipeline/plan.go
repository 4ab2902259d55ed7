package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Plan is all that an exchange needs and all that a failure of it is told with, so that
// a renewal can repeat it without a look at the environment.
type Plan struct {
	Job Job
	// ConnectionID is the lower-case GUID of the service connection; empty for the
	// pipeline's own identity.
	ConnectionID string
	// Entra is set when the token goes to Microsoft Entra first.
	Entra *EntraExchange
	Role  Role
	Chain *Chain // nil without a second role
	Guard Guard
	// STSEndpoint is the URL of AWS STS and the region that its requests are signed for.
	STSEndpoint STSEndpoint
	// WaitForPropagation allows retries of the answers that a role or provider created
	// just now gives.
	WaitForPropagation bool
	Network            network.Config
	// Masked are values that the agent replaces by *** in this job's log although they
	// are no secrets.
	Masked []string
	// MaskAccountID keeps account ids out of the log.
	MaskAccountID bool
	// Extension is publisher and id of the extension that the program was packed in,
	// joined by a dot, for links to its pages; empty in other programs.
	Extension string
}

// Role is the first role and how it is assumed.
type Role struct {
	ARN         iam.RoleARN
	SessionName string
	// SessionWithheld reports whether messages must not quote the session's name, because
	// the input has to do with a secret.
	SessionWithheld bool
	// DurationSeconds, Policy and PolicyARNs apply to the role whose credentials are
	// exported: the second one where there is one.
	DurationSeconds int32
	Policy          string
	PolicyARNs      []string
}

// Chain is the second role.
type Chain struct {
	ARN               iam.RoleARN
	ExternalID        secret.Value `json:"-"`
	Tags              []iam.Tag
	TransitiveTagKeys []string
	SourceIdentity    string
}

// Guard are the checks that stop a step which would get the wrong credentials.
type Guard struct {
	Accounts []iam.Account
	Claims   []ClaimRule
}

// Target is the role whose credentials are exported.
func (p Plan) Target() iam.RoleARN {
	if p.Chain != nil {
		return p.Chain.ARN
	}
	return p.Role.ARN
}

var errPlan = errors.New("malformed plan")

// stored is a Plan with its secrets in clear, for a file that only its owner reads.
type stored struct {
	Plan          Plan
	JobToken      string
	ProxyPassword string
	ExternalID    string
}

// Encode returns the plan with the job's access token, the proxy password and the
// external id in clear. The result belongs in a protected file and nowhere else.
func (p Plan) Encode() ([]byte, error) {
	s := stored{Plan: p, JobToken: p.Job.JobToken.Reveal(), ProxyPassword: p.Network.ProxyPassword.Reveal()}
	if p.Chain != nil {
		s.ExternalID = p.Chain.ExternalID.Reveal()
	}
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding plan: %w", err)
	}
	return data, nil
}

// DecodePlan is the inverse of Encode. Its error never quotes the data.
func DecodePlan(data []byte) (Plan, error) {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil || s.JobToken == "" || !s.Plan.Role.ARN.Given() {
		return Plan{}, fmt.Errorf("decoding plan: %w", errPlan)
	}
	p := s.Plan
	p.Job.JobToken = secret.New(s.JobToken)
	p.Network.ProxyPassword = secret.New(s.ProxyPassword)
	if p.Chain != nil {
		p.Chain.ExternalID = secret.New(s.ExternalID)
	}
	return p, nil
}
