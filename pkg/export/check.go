package export

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
)

// vital are the variables without which later steps do not find the profile.
var vital = []string{"AWS_CONFIG_FILE", "AWS_PROFILE"}

// Check refuses, before any request, a job in which the export could not do what it
// promises: later steps would not find the profile, because a variable that names it is
// secret (AAR-VARIABLE-SECRET) or shares its environment variable with another one
// (AAR-VARIABLE-COLLISION).
func Check(step pipeline.Step, held pipeline.Held) error {
	if !step.Export.Mode.Profile() {
		return nil
	}
	var secret, twins []string
	for _, name := range vital {
		if held.Secret(name) {
			secret = append(secret, name)
		}
		twins = append(twins, held.Twins(name)...)
	}
	switch {
	case len(secret) > 0:
		return &fault.Fault{
			Code: fault.VariableSecret, Summary: "later steps could not find the profile, because of secret variables of this job: " + strings.Join(secret, ", "),
			Why: "a name that is secret stays secret whatever a step sets, and the agent does not pass secret variables to scripts.",
		}
	case len(twins) > 0:
		names := strings.Join(twins, ", ")
		return &fault.Fault{
			Code: fault.VariableCollision, Summary: "later steps might not find the profile, because of variables of this job: " + names,
			Why:    "Azure Pipelines turns dots and spaces of a name into underscores, so these become the same environment variables as " + strings.Join(vital, " and ") + "; later steps may get either value.",
			Remedy: []string{"Rename or remove these variables: " + names + ".", "Or use exportAs: variables."},
		}
	}
	return nil
}
