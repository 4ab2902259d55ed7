package mutants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// timeoutCoefficient is how many times as long as the unchanged tests, built and run, those
// of a mutant may take before it counts as hanging.
const timeoutCoefficient = 5

// goFlags: what vet finds is no test's merit, and the time of a cached run bounds nothing.
// The tag makes long searches at random short, so that a mutant does not take minutes.
const goFlags = "GOFLAGS=-vet=off -count=1 -buildvcs=false -tags=mutants"

// Trial is how packages are tried.
type Trial struct {
	// Gremlins is the program.
	Gremlins string
	// Root is the directory of the module. The trial works on a copy.
	Root string
	// Workers is the number of mutants that are tried at once, each in a copy of its own.
	Workers int
}

// Run tries the named packages below pkg, without any all that are shipped, and prints a
// table and every mutant alive or not covered to w. The error says what misses its floor
// and which equivalents excuse nothing.
func (t Trial) Run(ctx context.Context, names []string, w io.Writer) error {
	list, err := Equivalents()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if names, err = shipped(ctx, t.Root); err != nil {
			return err
		}
	}
	tree, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree) //nolint:errcheck // a leftover in the temporary directory does no harm
	if err := copyTree(tree, t.Root); err != nil {
		return err
	}
	t.Root = tree
	return t.each(ctx, names, list, w)
}

// each tries one package after the other and prints each row as soon as it is known.
func (t Trial) each(ctx context.Context, names []string, list []Equivalent, w io.Writer) error {
	const row = "%-12s %7v %8v %6v %11v %12v %9v\n"
	fmt.Fprintf(w, row, "package", "killed", "hanging", "alive", "equivalent", "not covered", "killed %")
	var problems []error
	var missed []Mutant
	for _, name := range names {
		r, err := t.one(ctx, name)
		if err != nil {
			return err
		}
		for _, e := range r.excuse(list) {
			problems = append(problems, fmt.Errorf("equivalents.txt: no mutant alive is %s in %s: %s", e.Operator, e.File, e.Source))
		}
		for _, p := range r.Problems() {
			problems = append(problems, errors.New(p))
		}
		fmt.Fprintf(w, row, r.Package, r.Killed, r.TimedOut, len(r.Alive), r.Equivalent, len(r.NotCovered), fmt.Sprintf("%.1f", r.Killing()))
		missed = append(missed, append(r.Alive, r.NotCovered...)...)
	}
	for _, m := range missed {
		fmt.Fprintln(w, m)
	}
	return errors.Join(problems...)
}

// one tries a package.
func (t Trial) one(ctx context.Context, name string) (Result, error) {
	files, err := goList(ctx, t.Root, `{{join .GoFiles "\n"}}`, "./pkg/"+name)
	if err != nil {
		return Result{}, err
	}
	report, err := t.unleash(ctx, name)
	if err != nil || report == nil {
		return Result{Package: name}, err
	}
	result, err := readReport(report, t.Root, name, files)
	if err != nil {
		return Result{}, err
	}
	return result, t.conditions(ctx, &result)
}

// unleash runs gremlins on a package and returns its report; nil when nothing in the
// package can be changed.
func (t Trial) unleash(ctx context.Context, name string) ([]byte, error) {
	report := filepath.Join(t.Root, "mutants-"+name+".json")
	cmd := exec.CommandContext(ctx, t.Gremlins, "unleash", "--workers", strconv.Itoa(t.Workers),
		"--timeout-coefficient", strconv.Itoa(timeoutCoefficient), "--output", report, "./pkg/"+name)
	cmd.Dir = t.Root
	cmd.Env = append(os.Environ(), goFlags)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("gremlins on %s: %w\n%s", name, err, out)
	}
	if bytes.Contains(out, []byte("Shutting down")) { // it ends with status 0 when it is stopped
		return nil, fmt.Errorf("gremlins on %s was stopped", name)
	}
	if bytes.Contains(out, []byte("No results to report")) {
		return nil, nil
	}
	return os.ReadFile(report)
}

// shipped names the packages below pkg that the shipped program consists of.
func shipped(ctx context.Context, root string) ([]string, error) {
	paths, err := goList(ctx, root, "{{.ImportPath}}", "-deps", "./cmd/assume-aws-role")
	if err != nil {
		return nil, err
	}
	module, err := goList(ctx, root, "{{.Path}}", "-m")
	if err != nil || len(module) == 0 {
		return nil, err
	}
	var names []string
	for _, path := range paths {
		if name, ours := strings.CutPrefix(path, module[0]+"/pkg/"); ours {
			names = append(names, name)
		}
	}
	return names, nil
}

// goList returns the lines that go list prints.
func goList(ctx context.Context, root, format string, args ...string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-f", format}, args...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go list: %s", exit.Stderr)
	}
	return strings.Fields(string(out)), err
}

// copyTree copies the source of the module, without history and what was built.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == ".git" || name == "dist" || name == "node_modules") {
			return filepath.SkipDir
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}
