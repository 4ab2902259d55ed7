// Package exchange owns the way from a pipeline's identity to AWS credentials:
// token, guards, Entra, STS, second role, in this order, with what may be
// repeated on the way. The task and the renewal of a profile both walk it. It
// must not know who asked or where the credentials go.
package exchange

import (
	"encoding/json"
	"fmt"

	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Plan is all that an exchange needs, so that it can be repeated later without a
// look at the environment.
type Plan struct {
	Step    pipeline.Step
	Network network.Config
}

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
	s := stored{Plan: p, JobToken: p.Step.Job.JobToken.Reveal(), ProxyPassword: p.Network.ProxyPassword.Reveal()}
	if p.Step.Chain != nil {
		s.ExternalID = p.Step.Chain.ExternalID.Reveal()
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
	if err := json.Unmarshal(data, &s); err != nil || s.JobToken == "" || !s.Plan.Step.Role.ARN.Given() {
		return Plan{}, fmt.Errorf("decoding plan: %w", errMalformed)
	}
	p := s.Plan
	p.Step.Job.JobToken = secret.New(s.JobToken)
	p.Network.ProxyPassword = secret.New(s.ProxyPassword)
	if p.Step.Chain != nil {
		p.Step.Chain.ExternalID = secret.New(s.ExternalID)
	}
	return p, nil
}
