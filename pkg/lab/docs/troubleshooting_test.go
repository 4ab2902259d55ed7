package docs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// sections are the parts of the troubleshooting page by their codes.
func sections(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, part := range strings.Split(pages(t)["docs/troubleshooting.md"], "\n### ") {
		heading, text, _ := strings.Cut(part, "\n")
		text, _, _ = strings.Cut(text, "\n## ")
		if strings.HasPrefix(heading, "AAR-") {
			found[heading] = text
		}
	}
	return found
}

// The page gives the advice of the catalogue, which the log prints, and says more.
func TestTroubleshootingGivesTheAdviceOfTheCatalogue(t *testing.T) {
	t.Parallel()
	all := sections(t)
	for _, code := range fault.Codes() {
		text := all[string(code)]
		more, list, _ := strings.Cut(text, "\n- ")
		remedies := fault.Remedy(code)
		got := strings.Split(strings.TrimSpace(list), "\n")
		for i, line := range got {
			got[i] = strings.TrimPrefix(line, "- ")
		}
		if diff := cmp.Diff(remedies, got[:min(len(remedies), len(got))]); diff != "" {
			t.Errorf("%s: the advice of the catalogue (-) and of the page (+):\n%s", code, diff)
		}
		if len(strings.TrimSpace(more)) < 40 {
			t.Errorf("%s: the page says no more than the log: %q", code, more)
		}
	}
}

// The advice is read in the log and on the page, so it does not point to a place.
func TestAdviceStandsAlone(t *testing.T) {
	t.Parallel()
	place := regexp.MustCompile(`\b(above|below)\b[.,;:]|\b(named|one|ids|details|message|reason|issuer|subject|URL|client id) (above|below)\b`)
	for _, code := range fault.Codes() {
		for _, remedy := range fault.Remedy(code) {
			if found := place.FindString(remedy); found != "" {
				t.Errorf("%s: %q in %q", code, found, remedy)
			}
		}
	}
}

// firstDay are the codes that people meet while they set the task up; each has a
// checklist.
var firstDay = []fault.Code{fault.Input, fault.OIDCNotFound, fault.STSAccessDenied, fault.STSNoProvider, fault.STSAudience, fault.STSDuration}

func TestFirstDayCodesHaveAChecklist(t *testing.T) {
	t.Parallel()
	all := sections(t)
	for _, code := range firstDay {
		if _, list, found := strings.Cut(all[string(code)], "\nChecklist"); !found || strings.Count(list, "\n2. ") != 1 {
			t.Errorf("%s has no checklist", code)
		}
	}
}

// The index lists every code once.
func TestTroubleshootingIndex(t *testing.T) {
	t.Parallel()
	_, index, _ := strings.Cut(pages(t)["docs/troubleshooting.md"], "\n| group | codes |\n")
	index, _, _ = strings.Cut(index, "\n\n")
	var listed, codes []string
	for _, m := range regexp.MustCompile(`\[(AAR-[A-Z0-9-]+)\]`).FindAllStringSubmatch(index, -1) {
		listed = append(listed, m[1])
	}
	for _, code := range fault.Codes() {
		codes = append(codes, string(code))
	}
	slices.Sort(listed)
	slices.Sort(codes)
	if diff := cmp.Diff(codes, listed); diff != "" {
		t.Errorf("codes (-) and the index (+):\n%s", diff)
	}
}

// The sentences of AWS on the page are those that the stand-in for STS says, or that a
// script plays to provoke the code beside them.
func TestSentencesOfAWS(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	for _, glob := range []string{"pkg/lab/sandbox/*.go", "cmd/assume-aws-role/testdata/script/*.txtar"} {
		files, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file is named %s, error %v", glob, err)
		}
		for _, file := range files {
			said.WriteString(strings.ReplaceAll(read(t, file), "''", "'"))
		}
	}
	_, table, _ := strings.Cut(pages(t)["docs/troubleshooting.md"], "\n## Sentences of AWS\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile(`(?m)^\| "([^"]+)" \| \[(AAR-[A-Z0-9-]+)\]`).FindAllStringSubmatch(table, -1)
	if len(rows) < 8 {
		t.Errorf("only %d sentences found", len(rows))
	}
	for _, row := range rows {
		for part := range strings.SplitSeq(row[1], "…") {
			if part = strings.Trim(part, " :,"); !strings.Contains(said.String(), part) {
				t.Errorf("no stand-in says %q", part)
			}
		}
	}
}
