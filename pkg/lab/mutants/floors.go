package mutants

import (
	"fmt"
	"slices"
)

// The floors of the share of mutants that are killed, in per cent of those that the
// package's own tests reach, and the most of all mutants that they may not reach.
const (
	floor         = 95
	strictFloor   = 97
	mostUncovered = 5
)

// strict are the packages in which a wrong bound gives credentials to somebody else.
var strict = []string{"awsprofile", "claims", "pipeline", "trustpolicy", "vso"}

// Floor is the share of mutants, in per cent, that a package's tests must kill.
func Floor(name string) int {
	if slices.Contains(strict, name) {
		return strictFloor
	}
	return floor
}

// Problems says how the result misses its floors; nothing when it meets them.
func (r *Result) Problems() []string {
	var problems []string
	tried := r.Killed + len(r.Alive)
	if r.Killed*100 < Floor(r.Package)*tried {
		problems = append(problems, fmt.Sprintf("%s: %d of %d mutants are killed, less than %d %%", r.Package, r.Killed, tried, Floor(r.Package)))
	}
	if all := tried + r.Equivalent + len(r.NotCovered); len(r.NotCovered)*100 > mostUncovered*all {
		problems = append(problems, fmt.Sprintf("%s: %d of %d mutants are not covered, more than %d %%", r.Package, len(r.NotCovered), all, mostUncovered))
	}
	return problems
}

// Killing is the share of mutants, in per cent, that the tests kill of those they reach.
func (r *Result) Killing() float64 {
	tried := r.Killed + len(r.Alive)
	if tried == 0 {
		return 100
	}
	return 100 * float64(r.Killed) / float64(tried)
}
