package fault

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// declared lists the codes as the catalogue's source declares them, so that a
// code without a remedy cannot hide from the tests.
func declared(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "catalogue.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		for _, v := range spec.Values {
			if lit, ok := v.(*ast.BasicLit); ok {
				code, _ := strconv.Unquote(lit.Value)
				codes = append(codes, code)
			}
		}
		return true
	})
	if len(codes) == 0 {
		t.Fatal("no codes found in catalogue.go")
	}
	slices.Sort(codes)
	return codes
}

func TestCodesAreUniqueAndWellFormed(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^AAR-[A-Z0-9]+(-[A-Z0-9]+)*$`)
	codes := declared(t)
	for _, c := range codes {
		if !shape.MatchString(c) {
			t.Errorf("%q is not of the form AAR-UPPER-WORDS", c)
		}
	}
	if unique := slices.Compact(slices.Clone(codes)); len(unique) != len(codes) {
		t.Errorf("a code is declared twice: %v", codes)
	}
}

// sentence is the shape of a remedy: one line, a capital letter first, no blank at an end.
var sentence = regexp.MustCompile(`^[A-Z](.*\S)?$`)

func TestEveryCodeHasARemedy(t *testing.T) {
	t.Parallel()
	for _, c := range declared(t) {
		list := Remedy(Code(c))
		if len(list) == 0 {
			t.Errorf("%s has no remedy", c)
		}
		for _, r := range list {
			first, _, _ := strings.Cut(r, " ")
			if !sentence.MatchString(r) {
				t.Errorf("%s: %q is not one line that begins with a capital letter", c, r)
			}
			if slices.Contains([]string{"The", "A", "An", "It", "This", "You", "Your", "There"}, first) {
				t.Errorf("%s: %q does not begin with a verb", c, r)
			}
		}
	}
	for _, c := range Codes() {
		if !slices.Contains(declared(t), string(c)) {
			t.Errorf("remedy for the unknown code %s", c)
		}
	}
}

func TestTroubleshootingHasOneHeadingPerCode(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for line := range strings.SplitSeq(string(page), "\n") {
		if code, ok := strings.CutPrefix(strings.TrimRight(line, "\r "), "### "); ok && strings.HasPrefix(code, "AAR-") {
			headings = append(headings, code)
		}
	}
	slices.Sort(headings)
	if diff := cmp.Diff(declared(t), headings); diff != "" {
		t.Errorf("codes and headings differ (-code +heading):\n%s", diff)
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	f := &Fault{Code: Input, Summary: "what", Why: "why", Remedy: []string{"Do this."}, Details: []string{"id: 7"}}
	lines := strings.Split(f.Message(), "\n")
	if lines[0] != "AAR-INPUT: what" {
		t.Errorf("first line = %q", lines[0])
	}
	for _, want := range []string{"why", "Do this.", "id: 7", "docs/troubleshooting.md#aar-input"} {
		if !strings.Contains(f.Message(), want) {
			t.Errorf("message lacks %q:\n%s", want, f.Message())
		}
	}
}

func TestMessageFallsBackToTheCatalogue(t *testing.T) {
	t.Parallel()
	f := &Fault{Code: ServerUnsupported, Summary: "what", Details: []string{"id: 7"}}
	want := "AAR-SERVER-UNSUPPORTED: what\nWhat to do:\n- Use Azure DevOps Services; Azure DevOps Server issues no OIDC tokens to pipelines.\nid: 7\nMore: " + DocBase + "#aar-server-unsupported"
	if diff := cmp.Diff(want, f.Message()); diff != "" {
		t.Error(diff)
	}
}

func TestBrief(t *testing.T) {
	t.Parallel()
	status := []string{"request id: 7", "HTTP status: 503"}
	for want, f := range map[string]Fault{
		"what":                   {Code: STSThrottled, Summary: "what", Details: []string{"request id: 7"}},
		"what (the cause)":       {Code: STSThrottled, Summary: "what", Why: "the cause."},
		"what (HTTP status 503)": {Code: STSThrottled, Summary: "what", Why: "the cause.", Details: status},
		"what (reset)":           {Code: STSUnreachable, Summary: "what", Why: "reset", Details: status},
	} {
		if got := f.Brief(); got != want {
			t.Errorf("%s in brief: %q, want %q", f.Code, got, want)
		}
	}
}
