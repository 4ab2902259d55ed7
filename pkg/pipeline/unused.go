package pipeline

import (
	"cmp"
	"slices"
	"strings"
)

// Unused are inputs that are filled but ignored for one reason.
type Unused struct {
	// Because is the reason as the end of a sentence, such as "connectionType is awsOidc".
	Because string
	// Inputs are the names of the inputs, sorted.
	Inputs []string
}

// field is one input with its name, value and default.
type field struct{ name, value, standard string }

// inForce is the value without the comments of a list.
func (f field) inForce() string {
	if !slices.Contains(lists, f.name) {
		return f.value
	}
	var texts []string
	for _, l := range lines(f.value) {
		texts = append(texts, l.text)
	}
	return strings.Join(texts, "\n")
}

// conditional is an input that is used under some choices only.
type conditional struct {
	field
	used    bool
	because string
}

// dependent lists the inputs that are used under some choices only, and whether
// the choices of in use them. A choice that does not exist is a problem of its own, and
// leaves nothing unused.
func dependent(in Inputs) []conditional {
	var list []conditional
	kind := IdentityKind(cmp.Or(in.ConnectionType, string(AWSOIDC)))
	if slices.Contains(identityKinds, kind) {
		because := "connectionType is " + string(kind)
		list = append(list, conditional{field{"entraAudience", in.EntraAudience, ""}, kind.azure(), because})
		for _, k := range identityKinds {
			name, value := in.connectionInput(k)
			list = append(list, conditional{field{name, value, ""}, k == kind, because})
		}
	}
	list = append(list, conditional{field{"environment", in.Environment, ""}, in.EnvironmentRoles != "", "environmentRoles is empty"})
	if mode := ExportMode(cmp.Or(in.ExportAs, string(ExportVariables))); slices.Contains(exportModes, mode) {
		because := "exportAs is " + string(mode)
		toolkit := strings.EqualFold(in.ExportForAWSToolkit, "true")
		list = append(
			list, conditional{field{"profileName", in.ProfileName, "default"}, mode.Profile(), because},
			conditional{field{"variablePrefix", in.VariablePrefix, ""}, mode.Variables() || toolkit, because},
		)
	}
	return list
}

// unused groups the inputs that hold something of their own but are not used.
func unused(in Inputs) []Unused {
	var groups []Unused
	for _, f := range dependent(in) {
		if f.used || f.value == "" || f.value == f.standard {
			continue
		}
		i := slices.IndexFunc(groups, func(u Unused) bool { return u.Because == f.because })
		if i < 0 {
			i, groups = len(groups), append(groups, Unused{Because: f.because})
		}
		groups[i].Inputs = append(groups[i].Inputs, f.name)
		slices.Sort(groups[i].Inputs)
	}
	return groups
}

// unresolved reports inputs in force that still hold a macro: the agent leaves
// $(name) as it is when there is no such variable.
func unresolved(in Inputs, p *problems) {
	var idle []string
	for _, u := range unused(in) {
		idle = append(idle, u.Inputs...)
	}
	for _, f := range in.all() {
		if slices.Contains(idle, f.name) {
			continue
		}
		for _, m := range slices.Compact(slices.Sorted(slices.Values(macro().FindAllString(f.inForce(), -1)))) {
			p.add(f.name, "the variable in %s does not exist, or is not available here", p.shown(f.name, m))
		}
	}
}
