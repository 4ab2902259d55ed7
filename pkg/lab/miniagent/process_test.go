package miniagent

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"a\nb\r\nc\rd", []string{"a", "b", "c", "d"}},
		{"a\n\n\r\rb\n", []string{"a", "", "", "", "b"}},
		{"a\r", []string{"a"}},
		{"", nil},
		{"\xff", []string{"\uFFFD"}},
		{strings.Repeat("x", 1<<20) + "\ny", []string{strings.Repeat("x", 1<<20), "y"}},
	} {
		var got []string
		readLines(strings.NewReader(tt.in), func(s string) { got = append(got, s) })
		if !slices.Equal(got, tt.want) {
			t.Errorf("lines of %.20q: %.200q", tt.in, got)
		}
	}
}

// TestBatchOrder: of what has piled up, standard error comes first, each stream in
// its own order.
func TestBatchOrder(t *testing.T) {
	t.Parallel()
	var got []string
	q := newQueue(func(s string) { got = append(got, s) }, time.Hour)
	q.addOut("out 1")
	q.addErr("err 1")
	q.addOut("out 2")
	q.addErr("err 2")
	q.close()
	q.pump()
	if want := []string{"err 1", "err 2", "out 1", "out 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestStderrOvertakes is the trap of writing a secret to standard error after its
// setsecret on standard output.
func TestStderrOvertakes(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, does("say ##vso[task.setsecret]s3cret-value", "err s3cret-value", "err ##vso[task.setvariable variable=exact]by stderr"))
	job.Waits.Gather = time.Hour
	r := run(t, job)
	if diff := cmp.Diff([]string{"s3cret-value"}, r.output()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Outcome != Succeeded || r.Variables["exact"].Value != "by stderr" {
		t.Error("standard error is neither an error nor free of commands")
	}
}

func TestLinesOfTasks(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, does(`raw "one\rtwo\r\nthree"`, `raw "…\nlast without an end"`))
	want := []string{"one", "two", "three…", "last without an end"}
	if diff := cmp.Diff(want, run(t, job).output()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lines string
		want  string
	}{
		{"exit 0", Succeeded},
		{"exit 3", Failed},
		{"say ##vso[task.complete result=Failed]\nexit 0", Failed},
		{"say ##vso[task.complete result=Skipped]\nexit 3", Skipped},
	} {
		r := run(t, fakeJob(t, does(tt.lines)))
		if got := r.Steps[0].Outcome; got != tt.want {
			t.Errorf("%q ended %s, want %s", tt.lines, got, tt.want)
		}
	}
}

// TestHeldPipe: a step whose process is gone ends soon, although a descendant still
// holds its output; the descendant is an orphan and is ended with the job.
func TestHeldPipe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		action string
		limit  time.Duration
	}{
		{"hold", 50 * time.Millisecond},
		{"leave", time.Hour},
	} {
		t.Run(tt.action, func(t *testing.T) {
			t.Parallel()
			job := fakeJob(t, does(tt.action, "say done"))
			job.Waits.HeldPipe = tt.limit
			r := run(t, job)
			if r.Outcome != Succeeded || !slices.Contains(r.Log, "done") {
				t.Fatalf("the job ends as %s, its log is %q", r.Outcome, r.Log)
			}
			if len(r.Orphans) != 1 {
				t.Fatalf("the orphans are %v, want one", r.Orphans)
			}
			awaitEnd(t, r.Orphans[0])
		})
	}
}

// awaitEnd fails the test unless a process ends soon: a dead one, reaped or not,
// shows no environment.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil || len(data) == 0 {
			return
		}
		<-tick.C
	}
	t.Errorf("process %d is still there", pid)
}

// when closes a channel as soon as a line is logged.
func when(job *Job, line string) {
	ready := make(chan struct{})
	job.Cancel = ready
	job.Say = func(said string) {
		if said == line {
			close(ready)
		}
	}
}

// TestCancelLadder: interrupt, then SIGTERM, then the end, each for the process
// alone. A process that ends at a rung climbs no further.
func TestCancelLadder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		traps []string
		want  []string
	}{
		{"ends at once", nil, []string{"ready"}},
		{"ends on SIGTERM", []string{"trap SIGINT"}, []string{"ready", "got SIGINT"}},
		{"is killed", []string{"trap SIGINT", "trap SIGTERM"}, []string{"ready", "got SIGINT", "got SIGTERM"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			job := fakeJob(t, does(append(tt.traps, "stay")...), script("never"), Step{Script: "echo always", Condition: Always})
			when(&job, "ready")
			r := run(t, job)
			want := append(tt.want, "##[error]The operation was canceled.", "always")
			if diff := cmp.Diff(want, r.output()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{Canceled, Skipped, Succeeded, Succeeded}, r.outcomes()); diff != "" || r.Outcome != Canceled {
				t.Errorf("job %s, steps (-want +got):\n%s", r.Outcome, diff)
			}
		})
	}
}

func TestCancelLeavesChildren(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, does("hold", "stay"))
	when(&job, "ready")
	if r := run(t, job); r.Outcome != Canceled || len(r.Orphans) != 1 {
		t.Errorf("job %s with orphans %v", r.Outcome, r.Orphans)
	}
}

func TestStepTimeout(t *testing.T) {
	t.Parallel()
	step := does("stay")
	step.Timeout = 300 * time.Millisecond
	later := step
	later.Condition, later.ContinueOnError = Always, true
	r := run(t, fakeJob(t, step, later))
	if diff := cmp.Diff([]string{Failed, SucceededWithIssues}, r.outcomes()[:2]); diff != "" || r.Outcome != Failed {
		t.Errorf("job %s, steps (-want +got):\n%s", r.Outcome, diff)
	}
}
