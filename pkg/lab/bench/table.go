package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// row is one line of the table.
type row struct{ what, median, spread, beside, budget, verdict string }

func (r row) cells() []string {
	return []string{r.what, r.median, r.spread, r.beside, r.budget, r.verdict}
}

// table collects rows.
type table struct{ rows []row }

func (t *table) add(r row) { t.rows = append(t.rows, r) }

// timed adds a row for a sample.
func (t *table) timed(what string, s sample, beside string) {
	t.add(row{what: what, median: ms(s.median()), spread: s.spread(), beside: beside})
}

// judged adds a row for a sample with a budget.
func (t *table) judged(what string, s sample, beside, budget string, met bool) {
	t.add(row{what: what, median: ms(s.median()), spread: s.spread(), beside: beside, budget: budget, verdict: verdict(met)})
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "not met"
}

// print writes the table as Markdown, with columns as wide as their widest cell.
func (t *table) print(out io.Writer) error {
	lines := [][]string{row{"what", "median", "quartiles", "beside", "budget", ""}.cells(), nil}
	for _, r := range t.rows {
		lines = append(lines, r.cells())
	}
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines[1] = make([]string, len(widths))
	for i, width := range widths {
		lines[1][i] = strings.Repeat("-", width)
	}
	for _, cells := range lines {
		if _, err := fmt.Fprintln(out, line(cells, widths)); err != nil {
			return err
		}
	}
	return nil
}

func line(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString("| " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+1))
	}
	return b.String() + "|"
}

// ms is a time in milliseconds: with a digit behind the point below a second.
func ms(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// times says how many times as long as another a time is.
func times(d, other time.Duration) string { return fmt.Sprintf("%.1f ×", float64(d)/float64(other)) }

// signed is a difference of times with its sign.
func signed(d time.Duration) string {
	if d < 0 {
		return "− " + ms(-d)
	}
	return "+ " + ms(d)
}
