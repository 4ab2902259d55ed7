package mutants

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Equivalent is a mutant that no test can notice, because the code means the same with it.
type Equivalent struct {
	File, Operator, Source string
	// Reason says why the code means the same.
	Reason string
}

func (e Equivalent) matches(m Mutant) bool {
	return e.File == m.File && e.Operator == m.Operator && e.Source == m.Source
}

//go:embed equivalents.txt
var equivalents string

var operator = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)

// Equivalents are those of equivalents.txt, which states its own form.
func Equivalents() ([]Equivalent, error) { return parseEquivalents(equivalents) }

// parseEquivalents reads lines of four fields, separated by " :: "; an empty line and one
// that begins with # say nothing.
func parseEquivalents(text string) ([]Equivalent, error) {
	var list []Equivalent
	for i, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, " :: ")
		if len(f) != 4 || !strings.HasPrefix(f[0], "pkg/") || !operator.MatchString(f[1]) || strings.Count(f[2], "«") != 1 || len(strings.Fields(f[3])) < 3 {
			return nil, fmt.Errorf("equivalents.txt:%d is not FILE :: OPERATOR :: SOURCE :: REASON", i+1)
		}
		list = append(list, Equivalent{File: f[0], Operator: f[1], Source: f[2], Reason: f[3]})
	}
	return list, nil
}

// excuse takes the equivalents out of what is alive, one entry for one mutant. It returns
// the entries on files of this package that match none: they excuse nothing any more,
// unless some mutants hung, of which they may be.
func (r *Result) excuse(list []Equivalent) (stale []Equivalent) {
	for _, e := range list {
		if !strings.HasPrefix(e.File, "pkg/"+r.Package+"/") {
			continue
		}
		i := slices.IndexFunc(r.Alive, e.matches)
		if i < 0 {
			if r.TimedOut == 0 {
				stale = append(stale, e)
			}
			continue
		}
		r.Alive = slices.Delete(r.Alive, i, i+1)
		r.Equivalent++
	}
	return stale
}
