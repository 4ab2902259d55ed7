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
		values[name] = r.expandTwice(value)
	}
	return values
}

// expandTwice replaces macros from the job's variables, then those left from the
// agent's own environment (VarUtil.ExpandEnvironmentVariables).
func (r *runner) expandTwice(s string) string {
	return expand(expand(s, r.vars.resolve), func(name string) (string, bool) {
		v, ok := r.job.HostEnv[name]
		return v, ok
	})
}

// environment assembles a step's process environment in the order of
// src/Agent.Worker/Handlers/NodeHandler.cs; each later part wins.
func (r *runner) environment(step Step, task installed, inputs, taskVariables map[string]string) []string {
	env := maps.Clone(r.job.HostEnv)
	if env == nil {
		env = map[string]string{}
	}
	for name, value := range step.Env {
		env[name] = r.expandTwice(strings.TrimSpace(value))
	}
	r.exportVariables(env, task.dir != "")
	if task.dir != "" {
		r.exportTask(env, task, inputs, taskVariables)
	} else {
		r.exportScript(env)
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
// tasks only, as SECRET_ keys. The script tasks drop those, and both lists, before
// they start a script (microsoft/azure-pipelines-task-lib node/internal.ts).
func (r *runner) exportVariables(env map[string]string, forTask bool) {
	var public, secret []string
	for _, v := range r.vars.sorted() {
		v, _ := r.vars.expanded(v.Name)
		switch {
		case v.Secret:
			secret = append(secret, v.Name)
			if forTask {
				env["SECRET_"+v.key()] = v.Value
			}
		default:
			public = append(public, v.Name)
			exportPublic(env, v)
		}
	}
	if forTask {
		env["VSTS_PUBLIC_VARIABLES"], env["VSTS_SECRET_VARIABLES"] = jsonList(public), jsonList(secret)
	}
}

// key is the environment variable that a variable becomes.
func (v Variable) key() string {
	if v.PreserveCase {
		return underscored(v.Name)
	}
	return environmentName(v.Name)
}

func exportPublic(env map[string]string, v Variable) {
	if reserved.MatchString(v.Name) {
		return
	}
	if strings.EqualFold(v.Name, jobStatus) {
		env[v.Name] = v.Value
	}
	env[v.key()] = v.Value
}

// exportScript sets what the script tasks leave of the system connection.
func (r *runner) exportScript(env map[string]string) {
	for name, value := range r.job.System {
		if strings.HasPrefix(name, "ENDPOINT_URL_") {
			env[name] = value
		}
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
			c, _ := r.connection(id)
			maps.Copy(env, c.Env)
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

// expandEndpoints replaces macros in the data of connections, not in their
// authorization, from the variables that the job starts with
// (src/Agent.Worker/JobRunner.cs).
func (r *runner) expandEndpoints() {
	connections := slices.Clone(r.job.Connections)
	for i, c := range connections {
		env := maps.Clone(c.Env)
		for name, value := range env {
			if strings.HasPrefix(name, "ENDPOINT_DATA_") {
				env[name] = expand(value, r.vars.resolve)
			}
		}
		connections[i].Env = env
	}
	r.job.Connections = connections
}

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
