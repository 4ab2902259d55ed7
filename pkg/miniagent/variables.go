package miniagent

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Variable is a job variable.
type Variable struct {
	Name, Value      string
	Secret, ReadOnly bool
}

// variables are a job's, by name without regard to case
// (microsoft/azure-pipelines-agent src/Agent.Worker/Variables.cs).
type variables map[string]Variable

func (vs variables) get(name string) (Variable, bool) {
	v, ok := vs[strings.ToLower(name)]
	return v, ok
}

// set keeps the first spelling of a name; what was secret or read-only stays so.
func (vs variables) set(v Variable) {
	if old, ok := vs.get(v.Name); ok {
		v.Name, v.Secret, v.ReadOnly = old.Name, v.Secret || old.Secret, v.ReadOnly || old.ReadOnly
	}
	vs[strings.ToLower(v.Name)] = v
}

func (vs variables) sorted() []Variable {
	var out []Variable
	for _, k := range slices.Sorted(maps.Keys(vs)) {
		out = append(out, vs[k])
	}
	return out
}

var macro = regexp.MustCompile(`\$\(([^()]+)\)`)

// expand replaces macros once; what a replacement brings is not scanned again, and
// an unknown name stays as it is.
func expand(s string, value func(string) (string, bool)) string {
	return macro.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := value(m[2 : len(m)-1]); ok {
			return v
		}
		return m
	})
}

// resolve is the value of a variable with the macros inside it replaced, as the
// agent does before each step.
func (vs variables) resolve(name string) (string, bool) {
	v, ok := vs.get(name)
	const deepest = 50
	for range deepest {
		next := expand(v.Value, func(n string) (string, bool) {
			inner, known := vs.get(n)
			return inner.Value, known
		})
		if next == v.Value {
			break
		}
		v.Value = next
	}
	return v.Value, ok
}

// environmentName is the environment variable of a name.
func environmentName(name string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", " ", "_").Replace(name))
}
