package miniagent

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Variable is a job variable.
type Variable struct {
	Name, Value string
	// Secret keeps it out of the environment of scripts and out of the log.
	Secret bool
	// ReadOnly makes an attempt to set it an error, or a warning where the variable
	// agent.readOnlyVariables is not true.
	ReadOnly bool
	// PreserveCase keeps the case of the name in the environment variable.
	PreserveCase bool
}

// variables are a job's, by name without regard to case
// (microsoft/azure-pipelines-agent src/Agent.Worker/Variables.cs).
type variables map[string]Variable

func (vs variables) get(name string) (Variable, bool) {
	v, ok := vs[strings.ToLower(name)]
	return v, ok
}

// set takes the new spelling of a name; what was secret, also by a secret inside its
// value, or read-only stays so. It returns the variable as it is now.
func (vs variables) set(v Variable) Variable {
	if old, ok := vs.expanded(v.Name); ok {
		v.Secret, v.ReadOnly = v.Secret || old.Secret, v.ReadOnly || old.ReadOnly
	}
	vs[strings.ToLower(v.Name)] = v
	return v
}

func (vs variables) isTrue(name string) bool {
	v, ok := vs.get(name)
	return ok && isTrue(v.Value)
}

func isTrue(s string) bool { return strings.EqualFold(s, "true") }

// isOn reads a switch of the agent: any other text is false (src/Agent.Sdk/Util/StringUtil.cs,
// ConvertToBoolean).
func isOn(s string) bool { return isTrue(s) || s == "1" || strings.EqualFold(s, "$true") }

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

// deepest is how far macros may nest; beyond it, and in a circle, text stays.
const deepest = 50

// expanded is a variable with the macros in its value replaced, as the agent does
// before each step (RecalculateExpanded); a secret inside makes it secret.
func (vs variables) expanded(name string) (Variable, bool) {
	return vs.nested(name, nil)
}

func (vs variables) nested(name string, above []string) (Variable, bool) {
	v, ok := vs.get(name)
	key := strings.ToLower(name)
	if !ok || len(above) >= deepest || slices.Contains(above, key) {
		return Variable{}, false
	}
	above = append(slices.Clone(above), key)
	v.Value = expand(v.Value, func(inner string) (string, bool) {
		w, known := vs.nested(inner, above)
		v.Secret = v.Secret || w.Secret
		return w.Value, known
	})
	return v, true
}

// resolve is the value of a variable with its macros replaced.
func (vs variables) resolve(name string) (string, bool) {
	v, ok := vs.expanded(name)
	return v.Value, ok
}

// environmentName is the environment variable of a name.
func environmentName(name string) string { return strings.ToUpper(underscored(name)) }

func underscored(name string) string { return strings.NewReplacer(".", "_", " ", "_").Replace(name) }
