package mutants

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadReport(t *testing.T) {
	t.Parallel()
	const report = `{"files":[
		{"file_name":"few.go","mutations":[
			{"type":"CONDITIONALS_BOUNDARY","status":"LIVED","line":4,"column":7},
			{"type":"CONDITIONALS_NEGATION","status":"KILLED","line":4,"column":7},
			{"type":"INCREMENT_DECREMENT","status":"TIMED OUT","line":5,"column":4},
			{"type":"INVERT_LOOPCTRL","status":"NOT COVERED","line":6,"column":3}]},
		{"file_name":"few_windows.go","mutations":[{"type":"INVERT_LOOPCTRL","status":"LIVED","line":1,"column":1}]}]}`
	got, err := readReport([]byte(report), "testdata", "few", []string{"few.go"})
	if err != nil {
		t.Fatal(err)
	}
	want := Result{
		Package: "few", Killed: 2, TimedOut: 1,
		Alive:      []Mutant{{"pkg/few/few.go", 4, 7, "CONDITIONALS_BOUNDARY", "if n «<=» 3 {"}},
		NotCovered: []Mutant{{"pkg/few/few.go", 6, 3, "INVERT_LOOPCTRL", "«break»"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestReadReportRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for mutation, want := range map[string]string{
		`{"type":"A","status":"SKIPPED","line":4,"column":7}`: `unknown status "SKIPPED"`,
		`{"type":"A","status":"LIVED","line":99,"column":1}`:  "no line 99",
		`{"type":"A","status":"LIVED","line":4,"column":99}`:  "a column 99",
		`{"type":"A","status":"LIVED","line":4,"column":5}`:   "no operator",
		`{"type":7}`: "cannot unmarshal",
	} {
		_, err := readReport([]byte(`{"files":[{"file_name":"few.go","mutations":[`+mutation+`]}]}`), "testdata", "few", []string{"few.go"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", mutation, err, want)
		}
	}
}

// Both floors at their edge: the fewest killed that pass, and one less.
func TestFloors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		result Result
		want   string
	}{
		"nothing":                   {Result{Package: "iam"}, ""},
		"95 of 100":                 {Result{Package: "iam", Killed: 95, Alive: make([]Mutant, 5)}, ""},
		"94 of 100":                 {Result{Package: "iam", Killed: 94, Alive: make([]Mutant, 6)}, "less than 95 %"},
		"97 of 100, strict":         {Result{Package: "vso", Killed: 97, Alive: make([]Mutant, 3)}, ""},
		"96 of 100, strict":         {Result{Package: "vso", Killed: 96, Alive: make([]Mutant, 4)}, "less than 97 %"},
		"5 of 100 not covered":      {Result{Package: "iam", Killed: 95, NotCovered: make([]Mutant, 5)}, ""},
		"6 of 100 not covered":      {Result{Package: "iam", Killed: 94, NotCovered: make([]Mutant, 6)}, "more than 5 %"},
		"equivalents are of no use": {Result{Package: "iam", Killed: 18, Alive: make([]Mutant, 1), Equivalent: 80}, "less than 95 %"},
	} {
		got := strings.Join(c.result.Problems(), "\n")
		if c.want == "" && got != "" {
			t.Errorf("%s: refused: %s", name, got)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: problems %q, want %q", name, got, c.want)
		}
	}
}

func TestOneEntryExcusesOneMutant(t *testing.T) {
	t.Parallel()
	list, err := parseEquivalents("# few\n\n" +
		"pkg/few/few.go :: A_B :: if n «<=» 3 { :: three is never reached\n" +
		"pkg/few/few.go :: A_B :: if n «<» 3 { :: three is never reached\n" +
		"pkg/other/few.go :: A_B :: if n «<» 3 { :: three is never reached\n")
	if err != nil {
		t.Fatal(err)
	}
	twin := Mutant{File: "pkg/few/few.go", Line: 4, Operator: "A_B", Source: "if n «<=» 3 {"}
	r := Result{Package: "few", Alive: []Mutant{twin, twin}}
	stale := r.excuse(list)
	if len(r.Alive) != 1 || r.Equivalent != 1 {
		t.Errorf("%d alive and %d excused, want 1 and 1", len(r.Alive), r.Equivalent)
	}
	if len(stale) != 1 || stale[0] != list[1] {
		t.Errorf("entries that excuse nothing: %v, want the second alone", stale)
	}
	if hung := (&Result{Package: r.Package, TimedOut: 1}); len(hung.excuse(list)) > 0 {
		t.Error("an entry is said to excuse nothing where its mutant may have hung")
	}
}

func TestEquivalentsHaveAForm(t *testing.T) {
	t.Parallel()
	if _, err := Equivalents(); err != nil {
		t.Error(err)
	}
	for _, line := range []string{
		"pkg/few/few.go :: A_B :: if n «<» 3 {",
		"pkg/few/few.go :: A_B :: if n «<» 3 { :: equal",
		"pkg/few/few.go :: A_B :: if n < 3 { :: three is never reached",
		"pkg/few/few.go :: a_b :: if n «<» 3 { :: three is never reached",
		"few.go :: A_B :: if n «<» 3 { :: three is never reached",
	} {
		if _, err := parseEquivalents("\n" + line); err == nil || !strings.Contains(err.Error(), ":2 ") {
			t.Errorf("%s: error %v, want one that names line 2", line, err)
		}
	}
}

// The packages that are tried without arguments are those of the shipped program.
func TestShipped(t *testing.T) {
	t.Parallel()
	names, err := shipped(t.Context(), "../../..")
	if err != nil {
		t.Fatal(err)
	}
	all := " " + strings.Join(names, " ") + " "
	for _, name := range append(strict, "cli", "iam") {
		if !strings.Contains(all, " "+name+" ") {
			t.Errorf("%s is not among%s", name, all)
		}
	}
	if strings.Contains(all, "lab/") {
		t.Errorf("stand-ins are among%s", all)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	source := []byte("package few\n\nvar n = 3 +\t4 + 5\n")
	m := Mutant{"pkg/few/few.go", 3, 11, "ARITHMETIC_BASE", "var n = 3 «+»\t4 + 5"}
	got, err := m.apply(source)
	if err != nil {
		t.Fatal(err)
	}
	if want := "package few\n\nvar n = 3 -\t4 + 5\n"; string(got) != want {
		t.Errorf("the changed source is %q, want %q", got, want)
	}
	m.Operator = "INVERT_LOOPCTRL"
	if _, err := m.apply(source); err == nil {
		t.Error("an unknown operator is applied")
	}
}

// What gremlins cannot try is tried here: with a test that notices a condition of a case, and
// a sum of texts that does not build, which no test notices.
func TestConditions(t *testing.T) {
	t.Parallel()
	root := module(t)
	edge := Mutant{"pkg/few/few.go", 5, 9, "CONDITIONALS_BOUNDARY", "case n «<» 3:"}
	far := Mutant{"pkg/few/few.go", 7, 9, "CONDITIONALS_BOUNDARY", "case n «>» 9:"}
	sum := Mutant{"pkg/few/few.go", 8, 15, "ARITHMETIC_BASE", `return "no" «+» "more"`}
	r := Result{Package: "few", NotCovered: []Mutant{edge, far, sum}}
	if err := (Trial{Root: root}).conditions(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Result{Package: "few", Killed: 1, NotCovered: []Mutant{far, sum}}, r); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

// module is a module with one package, of whose three mutants its test notices one.
func module(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":            "module few\n\ngo 1.26\n",
		"pkg/few/few.go":    "package few\n\nfunc few(n int) string {\n\tswitch {\n\tcase n < 3:\n\t\treturn \"few\"\n\tcase n > 9:\n\t\treturn \"no\" + \"more\"\n\t}\n\treturn \"\"\n}\n",
		"pkg/few/x_test.go": "package few\n\nimport \"testing\"\n\nfunc TestFew(t *testing.T) {\n\tif few(2) != \"few\" || few(3) != \"\" {\n\t\tt.Error(few(3))\n\t}\n}\n",
		"dist/large":        "not copied",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// A stand-in of gremlins writes its report, finds nothing, is stopped, or fails.
func TestRun(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	const alive = `echo '{"files":[{"file_name":"few.go","mutations":[{"type":"CONDITIONALS_BOUNDARY","status":"LIVED","line":7,"column":9}]}]}' >"$7"`
	for name, tt := range map[string]struct{ script, table, err string }{
		"nothing":   {"echo No results to report.", "few                0        0      0           0            0     100.0", ""},
		"one alive": {alive, "pkg/few/few.go:7: CONDITIONALS_BOUNDARY in case n «>» 9:", "few: 0 of 1 mutants are killed, less than 95 %"},
		"a copy":    {"test ! -e dist && test -e pkg/few/x_test.go && echo No results to report.", "few ", ""},
		"stopped":   {"echo Shutting down gracefully...", "", "gremlins on few was stopped"},
		"failed":    {"echo the tests fail >&2; exit 1", "", "the tests fail"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "gremlins")
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"+tt.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			err := Trial{Gremlins: program, Root: module(t), Workers: 1}.Run(t.Context(), []string{"few"}, &out)
			if (err == nil) != (tt.err == "") {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("the error %v lacks %q", err, tt.err)
			}
			if !strings.Contains(out.String(), tt.table) {
				t.Errorf("the table lacks %q:\n%s", tt.table, out.String())
			}
		})
	}
}
