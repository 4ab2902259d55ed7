package export

import (
	"context"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
)

// surroundings are what the export of one session meets in the job.
type surroundings struct {
	step pipeline.Step
	held pipeline.Held
	// session is the ARN of the assumed role's session.
	session string
}

// Advice says what the job's other variables and the agent's environment make of the
// export in later steps: what they cannot read, and what takes precedence over the
// credentials in some SDK. Each cause is told once, with a way out that works in the
// agent's order of precedence. An ordinary job has none. assumedRole is the ARN of the
// session.
func Advice(ctx context.Context, step pipeline.Step, held pipeline.Held, assumedRole string) []string {
	s := surroundings{step, held, assumedRole}
	var out []string
	if err := Check(step, held); err != nil {
		out = append(out, err.Error())
	}
	out = append(out, s.secretNames()...)
	out = append(out, s.twins()...)
	if step.Export.Mode.Profile() {
		return append(out, s.besideProfile()...)
	}
	return append(out, s.besideKeys(ctx)...)
}

// unchecked are the variables that the step sets and of which Check does not speak.
func (s surroundings) unchecked() []variable {
	checked := func(v variable) bool { return slices.Contains(vital, v.name) }
	return slices.DeleteFunc(s.plain(awsprofile.Profile{}), checked)
}

// secretNames names what later steps do not get, because a name that is secret stays so.
func (s surroundings) secretNames() []string {
	var names, mapped []string
	for _, v := range s.unchecked() {
		if !s.unreadable(v.name) {
			continue
		}
		names = append(names, s.name(v.name))
		if strings.HasSuffix(v.name, "REGION") {
			mapped = append(mapped, s.name(v.name)+": "+s.regionFor(v.name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	way := "Remove or rename the secret variables"
	if len(mapped) > 0 {
		way += ", or map the region in the env: block of those steps (" + strings.Join(mapped, ", ") + ")"
	}
	return []string{"Not exported, because they are secret variables of this job and stay secret: " + strings.Join(names, ", ") + ". " + way + "."}
}

// unreadable reports whether scripts would not get a variable that the step sets without
// making it secret. AWS.Region is for tasks, which do read secret variables.
func (s surroundings) unreadable(name string) bool {
	return s.held.Secret(name) && name != toolkitRegion
}

// regionFor is what a line of an env: block maps a region to: the variable, or the region
// itself where a secret variable of that name holds another one.
func (s surroundings) regionFor(name string) string {
	if s.held.Secret(name) && s.held.SecretValue(name).Reveal() != s.step.Region {
		return s.step.Shown("region", s.step.Region)
	}
	return "$(" + s.name(name) + ")"
}

// twins names public variables that become the same environment variables as those that
// the step sets. AWS.Region is kept in step with AWS_REGION.
func (s surroundings) twins() []string {
	var twins, names []string
	for _, v := range s.unchecked() {
		for _, twin := range s.held.Twins(v.name) {
			if !strings.EqualFold(twin, toolkitRegion) && v.name != toolkitRegion {
				twins, names = append(twins, twin), append(names, s.name(v.name))
			}
		}
	}
	if len(twins) == 0 {
		return nil
	}
	return []string{"Variables of this job become the same environment variables as " + strings.Join(names, ", ") + ", so later steps may get either value: " +
		strings.Join(twins, ", ") + ". Rename or remove them."}
}

// otherRole is another role that an earlier step of this task has assumed in this job;
// empty when there is none. The outputs of those steps are public variables.
func (s surroundings) otherRole() string {
	for _, name := range s.held.PublicNames() {
		earlier := s.held.Value(name)
		if strings.HasSuffix(strings.ToLower(name), ".assumedrolearn") && earlier != "" && roleOf(earlier) != roleOf(s.session) {
			return roleOf(earlier)
		}
	}
	return ""
}

// roleOf is the ARN of a session without the session's name.
func roleOf(session string) string { return session[:max(0, strings.LastIndexByte(session, '/'))] }

// ours reports whether an earlier step of this task has set the profile's variables.
func (s surroundings) ours() bool {
	return strings.HasPrefix(s.held.Value("AWS_CONFIG_FILE"), awsprofile.Dir(s.step.TempDirectory))
}

// variable reports whether the environment variable comes from a variable of the job.
func (s surroundings) variable(name string) bool { return len(s.held.Variables(name)) > 0 }

// origin says where later steps get the environment variable from.
func (s surroundings) origin(name string) string {
	switch names := s.held.Variables(name); {
	case len(names) > 1:
		return "variables " + strings.Join(names, " and ") + " of this job"
	case len(names) == 1 && !strings.EqualFold(names[0], name):
		return "variable " + names[0] + " of this job"
	case len(names) == 1:
		return "variable of this job"
	}
	return "environment of the " + s.machine()
}

// machine is whose own environment a step inherits: a job container does not get the
// agent's.
func (s surroundings) machine() string {
	if s.step.InContainer {
		return "container"
	}
	return "agent"
}

// outside says where an environment variable that is none of the job's is set.
func (s surroundings) outside() string {
	return "the " + s.machine() + "'s environment or this step's env: block"
}

// remove says where to remove environment variables of one origin. It begins a sentence.
func (s surroundings) remove(names ...string) string {
	if s.variable(names[0]) {
		return "Remove " + strings.Join(names, " and ") + " from the pipeline's variables, variable groups and earlier steps"
	}
	return "Remove " + strings.Join(names, " and ") + " from " + s.outside()
}

// unset says how a script gets rid of environment variables, whatever their origin. It
// goes on from the words "in the script".
func unset(names ...string) string {
	return "(Bash: unset " + strings.Join(names, " ") + "; PowerShell: Remove-Item Env:" + strings.Join(names, ",Env:") +
		"; cmd: set " + strings.Join(names, "=& set ") + "=)"
}
