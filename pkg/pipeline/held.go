package pipeline

import (
	"slices"
	"strings"
)

// Held is what the job and the agent's environment held before this step sets anything:
// the names of the job's variables, and the values that a step finds in its environment.
//
// A name that is secret stays secret whatever a step sets
// (microsoft/azure-pipelines-agent src/Agent.Worker/Variables.cs, Set), so scripts never
// get it under its own name. A public variable takes precedence over the env: block of a
// step (src/Agent.Worker/Handlers/NodeHandler.cs, RunAsync). Whether a variable is
// read-only, a step cannot see; the agent itself then warns or fails the step.
type Held struct {
	lookup         Lookup
	public, secret []string
}

// Held reads the names in VSTS_PUBLIC_VARIABLES and VSTS_SECRET_VARIABLES.
func (l Lookup) Held() Held {
	return Held{l, names(l, "VSTS_PUBLIC_VARIABLES"), names(l, "VSTS_SECRET_VARIABLES")}
}

// Value is what the environment variable holds.
func (h Held) Value(key string) string { return h.lookup.Get(key) }

// Secret reports whether the job has a secret variable of that name. Names are compared
// as the agent compares them, without regard to case.
func (h Held) Secret(name string) bool { return contains(h.secret, name) }

// Public reports whether the job has a public variable of that name.
func (h Held) Public(name string) bool { return contains(h.public, name) }

// Variable is the public variable that becomes the environment variable key.
func (h Held) Variable(key string) (name string, ok bool) {
	i := slices.IndexFunc(h.public, func(n string) bool { return environmentKey(n) == key })
	if i < 0 {
		return "", false
	}
	return h.public[i], true
}

// Twin is a public variable with another name that becomes the same environment variable,
// such as AWS.Profile beside AWS_PROFILE. Which of the two later steps get is undefined.
func (h Held) Twin(name string) (twin string, ok bool) {
	i := slices.IndexFunc(h.public, func(n string) bool {
		return environmentKey(n) == environmentKey(name) && !strings.EqualFold(n, name)
	})
	if i < 0 {
		return "", false
	}
	return h.public[i], true
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
