package docs

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

const module = "github.com/assume-aws-role/assume-aws-role/pkg/"

var (
	row    = regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \|([^|]*)\|$`)
	quoted = regexp.MustCompile("`([^`]+)`")
	leaves = []string{"errno", "fault", "foreign", "secret", "pattern", "vso"}
)

// The map in CONTRIBUTING.md names every package, and no package imports more of
// ours than the map allows.
func TestMapOfTheCodeIsTrue(t *testing.T) {
	t.Parallel()
	var mapped, have []string
	for _, m := range row.FindAllStringSubmatch(pages(t)["CONTRIBUTING.md"], -1) {
		for _, name := range quoted.FindAllStringSubmatch(m[1], -1) {
			if strings.HasPrefix(name[1], "pkg/") || strings.HasPrefix(name[1], "cmd/") {
				mapped = append(mapped, name[1])
				checkImports(t, name[1], m[2])
			}
		}
	}
	for _, glob := range []string{"cmd/*", "pkg/*", "pkg/lab/*"} {
		paths, err := filepath.Glob(filepath.Join(root, glob, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			dir, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			have = append(have, filepath.ToSlash(dir))
		}
	}
	slices.Sort(have)
	slices.Sort(mapped)
	if diff := cmp.Diff(slices.Compact(have), mapped); diff != "" {
		t.Errorf("packages (-) and the map in CONTRIBUTING.md (+):\n%s", diff)
	}
}

// checkImports compares what the shipped files of a package import with the last
// column of its row; a column of words alone allows everything.
func checkImports(t *testing.T, dir, column string) {
	t.Helper()
	var allowed []string
	for _, m := range quoted.FindAllStringSubmatch(column, -1) {
		allowed = append(allowed, m[1])
	}
	if strings.Contains(column, "leaves") {
		allowed = append(allowed, leaves...)
	}
	if len(allowed) == 0 && !strings.Contains(column, "a leaf") {
		return // a column of other words allows everything
	}
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: the files are %v, error %v", dir, files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range parsed.Imports {
			path, _ := strconv.Unquote(imported.Path.Value)
			if name, ours := strings.CutPrefix(path, module); ours && !slices.Contains(allowed, name) {
				t.Errorf("%s imports %s; the map in CONTRIBUTING.md allows %v", file, name, allowed)
			}
		}
	}
}

// TestPurePackagesReachNoNetwork follows imports to the end: what decides about trust, and
// every leaf, reaches no network, not even through another package.
func TestPurePackagesReachNoNetwork(t *testing.T) {
	t.Parallel()
	for _, name := range append([]string{"setuppage", "trustpolicy", "token", "claims", "iam"}, leaves...) {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+name).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", name, err)
		}
		for _, reached := range []string{"net/http", "os/exec", module + "network"} {
			if slices.Contains(strings.Fields(string(out)), reached) {
				t.Errorf("pkg/%s reaches %s", name, reached)
			}
		}
	}
}

// Every code that a page, an example or a help text names exists.
func TestCodesExist(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for _, pattern := range []string{"examples/*.yml", "task/*.js*"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file is named %s, error %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[file] = string(text)
		}
	}
	code := regexp.MustCompile(`\bAAR(-[A-Z0-9]+)+\b`)
	for name, text := range all {
		for _, c := range code.FindAllString(text, -1) {
			if c != "AAR-UPPER-WORDS" && !slices.Contains(fault.Codes(), fault.Code(c)) {
				t.Errorf("%s names %s, which does not exist", name, c)
			}
		}
	}
}
