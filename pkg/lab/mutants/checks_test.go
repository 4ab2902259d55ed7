package mutants

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A check that fails says what broke: it joins at most two conditions, and its message
// holds words.
func TestChecksSayWhatBroke(t *testing.T) {
	t.Parallel()
	for _, file := range testFiles(t) {
		for _, problem := range checkProblems(t, file, nil) {
			t.Error(problem)
		}
	}
}

func TestChecksSayWhatBrokeFindsThemAll(t *testing.T) {
	t.Parallel()
	const head, tail = "package p\n\nfunc TestX(t *testing.T) {\n\t", "\n}\n"
	for check, want := range map[string]string{
		`if a || b || c { t.Error("a word") }`:                         "3 conditions",
		`if !(a && (b || c)) { t.Fatalf("got %d", n) }`:                "3 conditions",
		`if x := f(); x == 1 || !x || y { tb.Errorf("got %d", x) }`:    "3 conditions",
		`if a { t.Errorf("%+v", got) }`:                                "no word",
		`if a { t.Logf("seen"); t.Fatalf("%q: %[2]*.[1]*f%%", a, b) }`: "no word",
		`t.Errorf("%s, %v", a, b)`:                                     "no word",
		`if a || b { t.Errorf("got %d", n) }`:                          "",
		`if a && b && c { n++ }`:                                       "",
		`if err != nil { t.Fatal(err) }`:                               "",
		`t.Errorf("%s", fmt.Sprint("words are elsewhere"))`:            "no word",
		`rt.Errorf("%s:\n%s", name, diff)`:                             "no word",
	} {
		found := strings.Join(checkProblems(t, "x_test.go", head+check+tail), "\n")
		if want == "" && found != "" {
			t.Errorf("%s is refused: %s", check, found)
		}
		if !strings.Contains(found, want) {
			t.Errorf("%s: found %q, not %q", check, found, want)
		}
	}
}

// testFiles are the files with checks: tests, and the helpers of pkg/lab.
func testFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, dir := range []string{"cmd", "pkg"} {
		err := filepath.WalkDir(filepath.Join("../../..", dir), func(path string, _ fs.DirEntry, err error) error {
			slashed := filepath.ToSlash(path)
			if strings.HasSuffix(slashed, "_test.go") || strings.HasSuffix(slashed, ".go") && strings.Contains(slashed, "/pkg/lab/") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 100 {
		t.Fatalf("only %d files found", len(files))
	}
	return files
}

// checkProblems lists the checks of a file that do not say what broke; source stands for
// the file's text, nil reads it.
func checkProblems(t *testing.T, file string, source any) []string {
	t.Helper()
	positions := token.NewFileSet()
	parsed, err := parser.ParseFile(positions, file, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if count := conditions(n.Cond); count >= 3 && reports(n.Body) {
				problems = append(problems, positions.Position(n.Pos()).String()+": a check of "+strconv.Itoa(count)+" conditions; one condition, one message")
			}
		case *ast.CallExpr:
			if format, ok := formatOf(n); ok && !wordy(format) {
				problems = append(problems, positions.Position(n.Pos()).String()+": the message "+strconv.Quote(format)+" holds no word")
			}
		}
		return true
	})
	return problems
}

// conditions counts what && and || join.
func conditions(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return conditions(e.X)
	case *ast.UnaryExpr:
		return conditions(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.LAND || e.Op == token.LOR {
			return conditions(e.X) + conditions(e.Y)
		}
	}
	return 1
}

// reports tells whether a block makes the test fail.
func reports(block *ast.BlockStmt) bool {
	for _, statement := range block.List {
		if s, ok := statement.(*ast.ExprStmt); ok {
			if call, ok := s.X.(*ast.CallExpr); ok && failing.MatchString(method(call)) {
				return true
			}
		}
	}
	return false
}

var (
	failing = regexp.MustCompile(`^(Error|Fatal)f?$`)
	verb    = regexp.MustCompile(`%[^a-zA-Z%]*[a-zA-Z%]`)
	word    = regexp.MustCompile(`\pL{2,}`)
)

// method is the name of the method that is called on a variable; empty for other calls.
func method(call *ast.CallExpr) string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if on, ok := selector.X.(*ast.Ident); !ok || on.Name == "fmt" {
		return ""
	}
	return selector.Sel.Name
}

// formatOf is the literal format of a failing check's message.
func formatOf(call *ast.CallExpr) (string, bool) {
	name := method(call)
	if !failing.MatchString(name) || !strings.HasSuffix(name, "f") || len(call.Args) == 0 {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	format, err := strconv.Unquote(literal.Value)
	return format, err == nil
}

// wordy reports whether a format says anything besides its values.
func wordy(format string) bool { return word.MatchString(verb.ReplaceAllString(format, "")) }
