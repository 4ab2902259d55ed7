// Package decisions holds what AWS's documentation says about policies: which requests
// are allowed and which are denied, with the page of each. It knows none of our code, so
// that it can judge the evaluator and the stand-in of AWS STS alike.
package decisions

import (
	_ "embed" // the tables
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed conditions.txt
var conditions string

//go:embed statements.txt
var statements string

// The request that every decision is about: a call of Action by a user of Provider.
const (
	Action   = "sts:AssumeRoleWithWebIdentity"
	Provider = "P"
)

// Decision is one decision of the documentation.
type Decision struct {
	// Name says what is decided. For a condition it begins with the operator.
	Name string
	// Page is below https://docs.aws.amazon.com/IAM/latest/UserGuide/.
	Page string
	// Policy is a trust policy.
	Policy string
	// Keys are the condition keys of the request.
	Keys map[string][]string
	// Allowed is the decision.
	Allowed bool
}

func policy(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// Conditions are the decisions about one condition, on the key key:a.
func Conditions() ([]Decision, error) {
	var out []Decision
	for line := range strings.Lines(conditions) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		d, err := condition(strings.Split(line, " | "))
		if err != nil {
			return nil, fmt.Errorf("reading %q: %w", line, err)
		}
		out = append(out, d)
	}
	return out, nil
}

func condition(cells []string) (Decision, error) {
	const columns = 5
	if len(cells) != columns {
		return Decision{}, fmt.Errorf("it has %d columns, not %d", len(cells), columns)
	}
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	operator, wanted, got := cells[1], cells[2], cells[3]
	d := Decision{Name: operator + " " + wanted + " " + got, Page: cells[4], Allowed: cells[0] == "true", Keys: map[string][]string{}}
	d.Policy = policy(`{"Effect":"Allow","Principal":{"Federated":"P"},"Action":"` + Action + `","Condition":{"` + operator + `":{"key:a":` + wanted + `}}}`)
	if got == "-" {
		return d, nil
	}
	var values []string
	err := json.Unmarshal([]byte(got), &values)
	d.Keys["key:a"] = values
	return d, err
}

// Statements are the decisions about whole policies.
func Statements() ([]Decision, error) {
	var out []Decision
	for _, part := range strings.Split(statements, "\n## ")[1:] {
		lines := strings.Split(strings.TrimSpace(part), "\n")
		const head = 3
		if len(lines) <= head || lines[2] != "allowed" && lines[2] != "denied" {
			return nil, fmt.Errorf("reading %q: it is not a decision", part)
		}
		out = append(out, Decision{
			Name: lines[0], Page: lines[1], Allowed: lines[2] == "allowed", Policy: policy(lines[head:]...),
			Keys: map[string][]string{"key:a": {"1"}, "key:b": {"2"}, "aws:x": {"3"}},
		})
	}
	return out, nil
}

// All are the decisions about conditions and about whole policies.
func All() ([]Decision, error) {
	c, err := Conditions()
	if err != nil {
		return nil, err
	}
	s, err := Statements()
	return append(c, s...), err
}
