package pipeline

import (
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Held is what the job and the agent's environment held before this step sets anything:
// the names of the job's variables, and the values that a step finds in its environment.
//
// A name that is secret stays secret whatever a step sets
// (microsoft/azure-pipelines-agent src/Agent.Worker/Variables.cs, Set), so scripts never
// get it under its own name. A public variable takes precedence over the env: block of a
// step (src/Agent.Worker/Handlers/NodeHandler.cs, RunAsync).
//
// What a step cannot see: whether a variable is read-only, which the agent's lists do not
// say. Setting one makes the agent warn, or fail the step where the service has switched
// agent.readOnlyVariables on (src/Agent.Worker/TaskCommandExtension.cs).
type Held struct {
	lookup         Lookup
	public, secret []string
}

// Held reads the names in VSTS_PUBLIC_VARIABLES and VSTS_SECRET_VARIABLES.
func (l Lookup) Held() Held {
	return Held{l, names(l, "VSTS_PUBLIC_VARIABLES"), names(l, "VSTS_SECRET_VARIABLES")}
}

// Value is what the environment holds under the key that the name becomes.
func (h Held) Value(name string) string { return h.lookup.Get(environmentKey(name)) }

// Empty reports whether the environment holds the name with an empty value, which some
// programs do not take for an absent one.
func (h Held) Empty(name string) bool {
	value, set := h.lookup(environmentKey(name))
	return set && value == ""
}

// Secret reports whether the job has a secret variable of that name. Names are compared
// as the agent compares them, without regard to case.
func (h Held) Secret(name string) bool { return contains(h.secret, name) }

// SecretValue is the value of the job's secret variable of that name.
func (h Held) SecretValue(name string) secret.Value {
	return secret.New(h.lookup.Get("SECRET_" + environmentKey(name)))
}

// secrets are the values of the job's secret variables. A variable set with preservecase
// keeps the case of its name in its key.
func (h Held) secrets() []secret.Value {
	var out []secret.Value
	for _, name := range h.secret {
		for _, key := range []string{environmentKey(name), strings.NewReplacer(".", "_", " ", "_").Replace(name)} {
			if v := h.lookup.Get("SECRET_" + key); v != "" {
				out = append(out, secret.New(v))
				break
			}
		}
	}
	return out
}

// SecretNames are the names of the job's secret variables.
func (h Held) SecretNames() []string { return h.secret }

// Public reports whether the job has a public variable of that name.
func (h Held) Public(name string) bool { return contains(h.public, name) }

// PublicNames are the names of the job's public variables.
func (h Held) PublicNames() []string { return h.public }

// Variables are the public variables that become the same environment variable as name,
// such as AWS_PROFILE and AWS.Profile. Which of several later steps get is undefined.
func (h Held) Variables(name string) []string {
	var out []string
	for _, n := range h.public {
		if environmentKey(n) == environmentKey(name) {
			out = append(out, n)
		}
	}
	return out
}

// Twins are those of Variables that have another name.
func (h Held) Twins(name string) []string {
	same := func(n string) bool { return strings.EqualFold(n, name) }
	return slices.DeleteFunc(h.Variables(name), same)
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
