package miniagent

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// inputs computes a task step's inputs as src/Agent.Worker/TaskRunner.cs does:
// defaults, then the step's own, trimmed; then macros from the job's variables,
// secret ones in clear; then macros from the agent's own environment.
func (r *runner) inputs(task installed, step Step) map[string]string {
	values := map[string]string{}
	names := map[string]string{}
	for _, in := range task.Inputs {
		values[in.Name] = strings.TrimSpace(in.DefaultValue)
		names[strings.ToLower(in.Name)] = in.Name
	}
	for name, value := range step.Inputs {
		if known, ok := names[strings.ToLower(strings.TrimSpace(name))]; ok {
			name = known
		}
		values[name] = strings.TrimSpace(value)
	}
	for name, value := range values {
		value = expand(value, r.vars.resolve)
		values[name] = expand(value, func(n string) (string, bool) {
			v, ok := r.job.HostEnv[n]
			return v, ok
		})
	}
	return values
}

// environment assembles a step's process environment in the order of
// src/Agent.Worker/Handlers/NodeHandler.cs; each later part wins.
func (r *runner) environment(step Step, task installed, inputs, taskVariables map[string]string) []string {
	env := maps.Clone(r.job.HostEnv)
	if env == nil {
		env = map[string]string{}
	}
	for name, value := range step.Env {
		env[name] = expand(strings.TrimSpace(value), r.vars.resolve)
	}
	r.exportVariables(env, task.dir != "")
	if task.dir != "" {
		r.exportTask(env, task, inputs, taskVariables)
	}
	env["TF_BUILD"] = "True"
	var out []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, name+"="+env[name])
	}
	return out
}

// reserved begin names that the agent does not hand on as variables.
var reserved = regexp.MustCompile(`(?i)^(input|secret|endpoint|securefile)`)

// exportVariables sets public variables under their own keys; secret ones reach
// tasks only, as SECRET_ keys.
func (r *runner) exportVariables(env map[string]string, forTask bool) {
	var public, secret []string
	for _, v := range r.vars.sorted() {
		value, _ := r.vars.resolve(v.Name)
		switch {
		case v.Secret:
			secret = append(secret, v.Name)
			if forTask {
				env["SECRET_"+environmentName(v.Name)] = value
			}
		case !reserved.MatchString(v.Name):
			public = append(public, v.Name)
			env[environmentName(v.Name)] = value
		}
	}
	if forTask {
		env["VSTS_PUBLIC_VARIABLES"], env["VSTS_SECRET_VARIABLES"] = jsonList(public), jsonList(secret)
	}
}

func jsonList(names []string) string {
	if names == nil {
		names = []string{}
	}
	b, err := json.Marshal(names)
	if err != nil {
		return "[]"
	}
	return string(b)
}

// exportTask sets inputs, the connections that inputs name, the system connection
// and task variables (src/Agent.Worker/Handlers/Handler.cs).
func (r *runner) exportTask(env map[string]string, task installed, inputs, taskVariables map[string]string) {
	for name, value := range inputs {
		env["INPUT_"+environmentName(name)] = value
	}
	for _, in := range task.Inputs {
		if !strings.HasPrefix(in.Type, "connectedService:") {
			continue
		}
		for id := range strings.SplitSeq(inputs[in.Name], ",") {
			if c, ok := r.connection(id); ok {
				maps.Copy(env, c.Env)
			}
		}
	}
	maps.Copy(env, r.job.System)
	for name, value := range taskVariables {
		env["VSTS_TASKVARIABLE_"+environmentName(name)] = value
	}
}

func (r *runner) connection(id string) (Connection, bool) {
	for _, c := range r.job.Connections {
		if strings.EqualFold(c.ID, strings.TrimSpace(id)) {
			return c, true
		}
	}
	return Connection{}, false
}

// harmless are authorization parameters that the agent leaves readable
// (src/Agent.Sdk/Util/MaskingUtil.cs).
var harmless = []string{"TENANTID", "SCOPE", "ROLE", "AUTHENTICATIONTYPE", "NAMESPACE"}

// maskEndpoints registers the authorization parameters of all connections, and the
// job's token.
func (r *runner) maskEndpoints() {
	environments := []map[string]string{r.job.System}
	for _, c := range r.job.Connections {
		environments = append(environments, c.Env)
	}
	for _, env := range environments {
		for name, value := range env {
			rest, ok := strings.CutPrefix(name, "ENDPOINT_AUTH_PARAMETER_")
			if !ok {
				continue
			}
			parameter := rest[strings.Index(rest, "_")+1:]
			if !slices.Contains(harmless, parameter) {
				r.registerSecret(value)
			}
		}
	}
}
