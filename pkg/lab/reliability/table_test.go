package reliability

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", os.Getenv("UPDATE") != "", "rewrite the table in docs/reliability.md")

const (
	page  = "../../../docs/reliability.md"
	begin = "<!-- The table between these lines is written by go test ./pkg/lab/reliability -update. -->\n"
	end   = "<!-- End of the table. -->\n"
)

// line is a row of the table in the page.
func (r row) line(s seen) string {
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", r.leg.name, r.what, s.said, s.requests, s.time, s.exported)
}

// key is what a row of the page begins with.
func (r row) key() string { return "| " + r.leg.name + " | " + r.what + " | " }

// committed is the table of the page, without its head.
func committed(t *testing.T) (before, table, after string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	table, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("docs/reliability.md has no place for the table")
	}
	return before, table, after
}

const head = "\n| leg | what happens | what the step says | requests | time | exported |\n|---|---|---|---|---|---|\n"

// TestMatrix plays the rows with the packed task and compares them with the page. Without
// AAR_FULL every fault is played on one leg, each on the next: a quarter of the rows.
func TestMatrix(t *testing.T) {
	a := newAgent(t)
	all := rows()
	results := make([]string, len(all))
	_, table, _ := committed(t)
	t.Run("rows", func(t *testing.T) {
		for i, r := range all {
			t.Run(r.leg.name+", "+r.what, func(t *testing.T) {
				t.Parallel()
				if i%len(legs) != legIndex(r) && os.Getenv("AAR_FULL") == "" && !*update {
					t.Skip("one leg of this fault is enough without AAR_FULL")
				}
				if r.hosts != "" && !canMount() {
					t.Skip("missing: a namespace in which files can be mounted")
				}
				results[i] = r.line(a.play(t, r))
				if !*update && !strings.Contains(table, results[i]) {
					t.Errorf("docs/reliability.md says\n%s, seen\n%s", find(table, r.key()), results[i])
				}
			})
		}
	})
	if n := strings.Count(table, "\n") - strings.Count(head, "\n") - 1; !*update && n != len(all) {
		t.Errorf("docs/reliability.md has %d rows, the test %d", n, len(all))
	}
	if *update && !t.Failed() {
		before, _, after := committed(t)
		text := before + begin + head + strings.Join(results, "") + "\n" + end + after
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// legIndex is the place of a row's leg.
func legIndex(r row) int {
	return slices.IndexFunc(legs, func(l leg) bool { return l.name == r.leg.name })
}

func find(table, key string) string {
	for line := range strings.SplitSeq(table, "\n") {
		if strings.HasPrefix(line, key) {
			return line
		}
	}
	return "(nothing)"
}
