package reliability

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// TestFuzzTargetsAreOnThePage finds every fuzz target of the repository in the page.
func TestFuzzTargetsAreOnThePage(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range fuzzTarget.FindAllStringSubmatch(string(text), -1) {
			found++
			onPage(t, "`"+m[1]+"`")
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d targets, %v", found, err)
	}
}

var testName = regexp.MustCompile("`(Test\\w+)`")

// TestTestsOfThePageExist: whoever doubts a row can run its test.
func TestTestsOfThePageExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]bool{}
	for _, dir := range []string{"../../..", "../..", "../../lab"} {
		files, err := filepath.Glob(dir + "/*/*_test.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range append(files, "../../../cmd/assume-aws-role/main_test.go") {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(source), -1) {
				sources[m[1]] = true
			}
		}
	}
	for _, m := range testName.FindAllStringSubmatch(string(text), -1) {
		if !sources[m[1]] {
			t.Errorf("docs/reliability.md names %s, which does not exist", m[1])
		}
	}
}
