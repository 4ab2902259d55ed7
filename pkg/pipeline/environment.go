package pipeline

import (
	"slices"
	"strconv"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// EnvironmentName is the environment of a run and where its name came from.
type EnvironmentName struct{ Name, Source string }

// environmentName resolves the environment of the run. Environment.Name counts
// only in a build whose public variables list that dotted name: a pipeline
// variable called ENVIRONMENT_NAME falls on the same environment key and must
// not decide about a role.
func environmentName(in Inputs, j job, lookup Lookup) EnvironmentName {
	if in.Environment != "" {
		return EnvironmentName{in.Environment, "input environment"}
	}
	if n := lookup.Get("ENVIRONMENT_NAME"); n != "" && j.HostType == HostBuild && lookup.Held().Public("Environment.Name") {
		return EnvironmentName{n, "Environment.Name"}
	}
	if n := lookup.Get("RELEASE_ENVIRONMENTNAME"); n != "" && j.classic() {
		return EnvironmentName{n, "Release.EnvironmentName"}
	}
	return EnvironmentName{lookup.Get("SYSTEM_STAGENAME"), "System.StageName"}
}

// environmentRole picks the role of the run's environment. An environment
// without a line is a problem, never a default.
func environmentRole(in Inputs, env EnvironmentName, p *problems) iam.RoleARN {
	const input = "environmentRoles"
	first := map[string]int{}
	var names []string
	var found iam.RoleARN
	for _, l := range pairs(input, in.EnvironmentRoles, p) {
		if n, twice := first[l.key]; twice {
			p.add(input, "line %d repeats environment %s of line %d", l.number, p.shown(input, l.key), n)
			continue
		}
		first[l.key] = l.number
		names = append(names, l.key)
		arn, problem := iam.ParseRoleARN(l.value)
		if problem != "" {
			p.about(l.value, input, "line %d: %s %s", l.number, p.shown(input, l.value), problem)
		}
		if l.key == env.Name {
			found = arn
		}
	}
	if _, known := first[env.Name]; !known && !macro().MatchString(in.Environment) {
		p.consequence(input, noRoleFor(env, names, p.quoter))
	}
	return found
}

func noRoleFor(env EnvironmentName, names []string, q quoter) string {
	if env.Name == "" {
		return "the environment of this run is unknown (no input environment, Environment.Name, Release.EnvironmentName or System.StageName); environments with a role: " + list(names, q)
	}
	said := "no role for environment " + q.shown("environment", env.Name) + " (from " + env.Source + "); environments with a role: " + list(names, q)
	same := func(n string) bool { return strings.EqualFold(n, env.Name) }
	if i := slices.IndexFunc(names, same); i >= 0 {
		said += "; " + q.shown("environmentRoles", names[i]) + " differs by upper and lower case only, and names are compared exactly"
	}
	return said
}

// list names the first of many environments and counts the rest.
func list(names []string, q quoter) string {
	const most = 20
	var quoted []string
	for i, n := range names {
		if i == most {
			return strings.Join(quoted, ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
		}
		quoted = append(quoted, q.shown("environmentRoles", n))
	}
	if len(quoted) == 0 {
		return "none"
	}
	return strings.Join(quoted, ", ")
}
