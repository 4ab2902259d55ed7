package reliability

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
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
// AAR_FULL every fault is played on one leg, each on the next: a quarter of the rows. A
// row that ran out of time where the page says otherwise is played again, alone: a busy
// machine is not what is under test.
func TestMatrix(t *testing.T) {
	m := &matrix{agent: newAgent(t), all: rows()}
	m.lines = make([]string, len(m.all))
	_, m.table, _ = committed(t)
	t.Run("rows", func(t *testing.T) {
		for i, r := range m.all {
			t.Run(r.leg.name+", "+r.what, func(t *testing.T) {
				t.Parallel()
				m.play(t, i, true)
			})
		}
	})
	for _, i := range m.late {
		t.Run("again: "+m.all[i].leg.name+", "+m.all[i].what, func(t *testing.T) { m.play(t, i, false) })
	}
	if n := strings.Count(m.table, "\n") - strings.Count(head, "\n") - 1; !*update && n != len(m.all) {
		t.Errorf("docs/reliability.md has %d rows, the test %d", n, len(m.all))
	}
	if *update && !t.Failed() {
		before, _, after := committed(t)
		text := before + begin + head + strings.Join(m.lines, "") + "\n" + end + after
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// matrix is the table as it is seen and as it is committed.
type matrix struct {
	agent *agent
	all   []row
	lines []string // by row, as seen
	table string   // as committed

	mu   sync.Mutex
	late []int // rows to be played again
}

func (m *matrix) play(t *testing.T, i int, first bool) {
	t.Helper()
	r := m.all[i]
	if i%len(legs) != legIndex(r) && !guest.Full() && !*update {
		t.Skip("one leg of this fault is enough without AAR_FULL")
	}
	if r.hosts != "" && !canMount() {
		t.Skip("missing: a namespace in which files can be mounted")
	}
	s := m.agent.play(t, r)
	m.lines[i] = r.line(s)
	wanted := find(m.table, r.key())
	tooLong := s.took > timeoutSeconds*time.Second+grace
	ranOut := s.time == outOfTime && !strings.Contains(wanted, outOfTime)
	if first && (tooLong || ranOut && !*update) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.late = append(m.late, i)
		return
	}
	if tooLong {
		t.Errorf("the step took %s", s.took)
	}
	if !*update && wanted+"\n" != m.lines[i] {
		t.Errorf("docs/reliability.md says\n%s\nseen\n%s", wanted, m.lines[i])
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
