package trustpolicy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Principals are who a statement speaks of.
type Principals struct {
	// Everybody is the principal "*", alone or as a value of any type.
	Everybody bool
	// Federated are the ARNs and names of identity providers.
	Federated []string
	// Others are the other principals.
	Others []Principal
	// Except turns the element into NotPrincipal.
	Except bool
}

// Principal is a principal that is not an identity provider.
type Principal struct {
	// Type is AWS, Service or CanonicalUser.
	Type, Name string
}

func principals(object map[string]json.RawMessage) (Principals, error) {
	raw, except, err := either(object, "Principal", "NotPrincipal")
	p := Principals{Except: except}
	if err != nil {
		return p, err
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if p.Everybody = text == "*"; !p.Everybody {
			return p, invalid(`Principal must be "*" or an object`)
		}
		return p, nil
	}
	var typed map[string]json.RawMessage
	if json.Unmarshal(raw, &typed) != nil || len(typed) == 0 {
		return p, invalid(`Principal must be "*" or an object`)
	}
	if name := unknown(typed, "AWS", "Federated", "Service", "CanonicalUser"); name != "" {
		return p, invalid("%q is not a type of principal", name)
	}
	for _, kind := range slices.Sorted(maps.Keys(typed)) {
		names, err := stringList("the principal "+kind, typed[kind])
		if err != nil {
			return p, err
		}
		p.add(kind, names)
	}
	return p, nil
}

func (p *Principals) add(kind string, names []string) {
	for _, name := range names {
		if name == "*" {
			p.Everybody = true
		} else if kind == "Federated" {
			p.Federated = append(p.Federated, name)
		} else {
			p.Others = append(p.Others, Principal{kind, name})
		}
	}
}

// reason says whether the principals cover an identity of a provider.
func (p Principals) reason(provider string, deny bool) Reason {
	named := p.Everybody || slices.Contains(p.Federated, provider)
	switch {
	case p.Except && !deny:
		return Reason{Holds: false, Text: "NotPrincipal with Allow is not supported in a trust policy"}
	case p.Except && named:
		return Reason{Holds: false, Text: "NotPrincipal names " + provider}
	case p.Except:
		return Reason{Holds: true, Text: "NotPrincipal does not name " + provider}
	case p.Everybody:
		return Reason{Holds: true, Text: `the principal is "*"`}
	case named:
		return Reason{Holds: true, Text: "the principal is " + provider}
	}
	return Reason{Holds: false, Text: "the principal is " + p.names() + "; the token's provider is " + provider}
}

// names lists the principals.
func (p Principals) names() string {
	all := slices.Clone(p.Federated)
	for _, other := range p.Others {
		all = append(all, other.Name)
	}
	return strings.Join(all, ", ")
}
