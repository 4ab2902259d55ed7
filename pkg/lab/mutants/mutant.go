package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Mutant is one small fault that the tests did not notice.
type Mutant struct {
	// File is the path from the root of the module, with slashes.
	File         string
	Line, Column int
	// Operator is gremlins' name of the change, such as CONDITIONALS_BOUNDARY.
	Operator string
	// Source is the line of code without its indentation, the changed token in «».
	Source string
}

// String is the mutant for a person who looks for it.
func (m Mutant) String() string {
	return fmt.Sprintf("%s:%d: %s in %s", m.File, m.Line, m.Operator, m.Source)
}

// Result is what the tests of one package noticed.
type Result struct {
	// Package is the name below pkg.
	Package          string
	Killed, TimedOut int
	// Equivalent counts the mutants that are excused.
	Equivalent        int
	Alive, NotCovered []Mutant
}

// answer is the part of gremlins' report that is read.
type answer struct {
	Files []struct {
		Name      string `json:"file_name"`
		Mutations []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
			Line   int    `json:"line"`
			Column int    `json:"column"`
		} `json:"mutations"`
	} `json:"files"`
}

// readReport reads gremlins' report on a package below pkg of the module in root. Only the
// named files count: others are of another platform.
func readReport(report []byte, root, name string, files []string) (Result, error) {
	var a answer
	if err := json.Unmarshal(report, &a); err != nil {
		return Result{}, fmt.Errorf("reading the report on %s: %w", name, err)
	}
	result := Result{Package: name}
	for _, f := range a.Files {
		if !slices.Contains(files, f.Name) {
			continue
		}
		path := "pkg/" + name + "/" + f.Name
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			return Result{}, err
		}
		lines := strings.Split(string(text), "\n")
		for _, m := range f.Mutations {
			source, err := marked(lines, m.Line, m.Column)
			if err != nil {
				return Result{}, fmt.Errorf("%s: %w", path, err)
			}
			if err := result.count(m.Status, Mutant{path, m.Line, m.Column, m.Type, source}); err != nil {
				return Result{}, err
			}
		}
	}
	return result, nil
}

// count adds a mutant by gremlins' status.
func (r *Result) count(status string, m Mutant) error {
	switch status {
	case "KILLED", "NOT VIABLE":
		r.Killed++
	case "TIMED OUT":
		r.Killed++
		r.TimedOut++
	case "LIVED":
		r.Alive = append(r.Alive, m)
	case "NOT COVERED":
		r.NotCovered = append(r.NotCovered, m)
	default:
		return fmt.Errorf("%s: gremlins gives the unknown status %q", m, status)
	}
	return nil
}

// marked is the line without indentation and with the token at the column, counted in
// bytes from 1, in «».
func marked(lines []string, line, column int) (string, error) {
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1]) {
		return "", fmt.Errorf("there is no line %d with a column %d", line, column)
	}
	before, rest := lines[line-1][:column-1], lines[line-1][column-1:]
	end := len(rest) - len(strings.TrimLeft(rest, "+-*/%&|^<>=!"))
	for _, keyword := range []string{"break", "continue"} {
		if strings.HasPrefix(rest, keyword) {
			end = len(keyword)
		}
	}
	if end < 1 {
		return "", fmt.Errorf("no operator at line %d, column %d", line, column)
	}
	return strings.TrimLeft(before, " \t") + "«" + rest[:end] + "»" + rest[end:], nil
}
