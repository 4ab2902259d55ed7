package guest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// The role that a Job assumes, and how the ARN of its sessions begins.
const (
	RoleARN    = "arn:aws:iam::111122223333:role/deploy"
	SessionARN = "arn:aws:sts::111122223333:assumed-role/deploy/"
)

// Job is one step of the task in an agent's job: the environment of its parts, and what
// its logging commands have set.
type Job struct {
	World *sandbox.Sandbox
	// Temp is AGENT_TEMPDIRECTORY, as the system that the task runs on names it.
	Temp string
	// Plain and Secret are for later steps, Task for the step's own post-job part.
	Plain, Secret, Task map[string]string
}

// NewJob is a job in which nothing has run.
func NewJob(world *sandbox.Sandbox, temp string) *Job {
	return &Job{world, temp, map[string]string{}, map[string]string{}, map[string]string{}}
}

// Environment is that of the main part.
func (j *Job) Environment(exportAs string) map[string]string {
	conn, _ := j.World.Config().Connection("aws-prod")
	env := j.World.Environment(sandbox.EnvOptions{TempDirectory: j.Temp})
	maps.Copy(env, map[string]string{
		"INPUT_SERVICECONNECTION": conn.ID, "INPUT_ROLEARN": RoleARN, "INPUT_REGION": "eu-west-1", "INPUT_EXPORTAS": exportAs,
	})
	return env
}

// PostEnvironment is that of the post-job part.
func (j *Job) PostEnvironment() map[string]string {
	env := j.Environment("")
	for name, value := range j.Task {
		env["VSTS_TASKVARIABLE_"+strings.ToUpper(name)] = value
	}
	return env
}

// Obey does what the agent does with the commands that set variables.
func (j *Job) Obey(out string) {
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "##vso[task.settaskvariable variable="); ok {
			name, value, _ := strings.Cut(rest, "]")
			j.Task[name] = value
		}
		rest, ok := strings.CutPrefix(line, "##vso[task.setvariable variable=")
		if !ok {
			continue
		}
		properties, value, _ := strings.Cut(rest, "]")
		name, flags, _ := strings.Cut(properties, ";")
		switch {
		case strings.Contains(flags, "issecret=true"):
			j.Secret[name] = value
		case !strings.Contains(flags, "isoutput=true"):
			j.Plain[name] = value
		}
	}
}

// Assumed counts the sessions that AWS STS was asked for.
func (j *Job) Assumed() int {
	n := 0
	for _, r := range j.World.Requests(sandbox.LegSTS) {
		if r.Action == "AssumeRoleWithWebIdentity" {
			n++
		}
	}
	return n
}

// Expire moves the times in a profile's state into the past.
func Expire(state string, by time.Duration) error {
	data, err := os.ReadFile(state)
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	for _, name := range []string{"issued", "expires"} {
		text, _ := fields[name].(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fields[name] = at.Add(-by)
	}
	if data, err = json.Marshal(fields); err != nil {
		return err
	}
	return os.WriteFile(state, data, 0o600)
}
