package miniagent

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// script is a step that prints lines; $ and quotes reach the log as they are.
func script(lines ...string) Step {
	return Step{Script: "cat <<'END'\n" + strings.Join(lines, "\n") + "\nEND"}
}

func TestSetVariable(t *testing.T) {
	t.Parallel()
	step := script(
		"##vso[task.setvariable variable=Plain.One]p", "##vso[task.setvariable variable=s;issecret=TRUE]s3cret%AZP25-value",
		"##vso[task.setvariable variable=o;isoutput=true]out", "##vso[task.setvariable variable=fixed;isreadonly=true]f",
		"##vso[task.setvariable variable=keptCase;preservecase=true]k", "##vso[task.setvariable variable=odd;issecret=yes]o",
	)
	step.Name = "first"
	use := Step{Script: `echo "$PLAIN_ONE $FIRST_O [$KEPTCASE] $keptCase [$S] $(first.o) $(S)"`}
	r := run(t, fakeJob(t, step, use))
	want := []string{"p out [] k [] out ***"}
	if diff := cmp.Diff(want, r.output()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, want := range map[string]Variable{
		"s":       {Name: "s", Value: "s3cret%-value", Secret: true},
		"first.o": {Name: "first.o", Value: "out", ReadOnly: true},
		"fixed":   {Name: "fixed", Value: "f", ReadOnly: true},
		"odd":     {Name: "odd", Value: "o"},
	} {
		if diff := cmp.Diff(want, r.Variables[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestFailingCommands: each fails the step with two errors, the first of which
// quotes the line.
func TestFailingCommands(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"##vso[task.setvariable]x", "##vso[task.setvariable variable=]x", "##vso[task.settaskvariable]x",
		"##vso[task.setvariable variable=m;issecret=true]a%0Ab", "##vso[task.settaskvariable variable=m;issecret=true]a%0Ab",
		"##vso[task.setvariable variable=Agent.TempDirectory]x",
		"##vso[task.unknown]", "##vso[task.logissue type=info]m",
		"##vso[task.complete]", "##vso[task.complete result=failed]", "##vso[task.complete result=Cancelled]", "##vso[release.updatereleasename]n",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			job := fakeJob(t, script(line))
			job.Variables = []Variable{{Name: "System.HostType", Value: "build"}}
			r := run(t, job)
			s := r.Steps[0]
			if s.Outcome != Failed || len(s.CommandErrors) != 1 {
				t.Errorf("the step ends as %s with the command errors %q, want a failure with one", s.Outcome, s.CommandErrors)
			}
			if len(s.Issues) != 2 || !strings.Contains(s.Issues[0].Message, line) {
				t.Errorf("the issues are %+v, want two, the first about the line", s.Issues)
			}
		})
	}
}

func TestMultilineSecretAllowed(t *testing.T) {
	t.Parallel()
	job := fakeJob(t, script("##vso[task.setvariable variable=m;issecret=true]line-one%0Aline-two"))
	job.Variables = []Variable{{Name: "SYSTEM_UNSAFEALLOWMULTILINESECRET", Value: "true"}}
	if r := run(t, job); r.Outcome != Succeeded || r.Variables["m"].Value != "line-one\nline-two" {
		t.Errorf("job is %s with %+v", r.Outcome, r.Variables["m"])
	}
}

// TestWarnings: such a line changes nothing but the log.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line   string
		echoed bool
	}{
		{"##vso[nonsense]", true},
		{"##vso without a bracket", true},
		{"##vso[foreign.event]data", false},
		{"##vso[task.logissue]no type", false},
	} {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			r := run(t, fakeJob(t, script(tt.line)))
			s := r.Steps[0]
			if s.Outcome != Succeeded {
				t.Errorf("the step ends as %s", s.Outcome)
			}
			if len(s.Issues) != 1 || s.Issues[0].Type != "warning" {
				t.Errorf("the issues are %+v, want one warning", s.Issues)
			}
			if got := slices.Contains(r.Log, tt.line); got != tt.echoed {
				t.Errorf("printed as it is: %v", got)
			}
		})
	}
}

// TestNoRetroactiveMask: what was written before setsecret stays; so does a
// secret of several lines that is registered as a whole.
func TestNoRetroactiveMask(t *testing.T) {
	t.Parallel()
	r := run(t, fakeJob(t, script("early s3cret-value", "##vso[task.setsecret]s3cret-value", "late s3cret-value",
		"##vso[task.setsecret]line-one%0Aline-two", "line-one", "line-two")))
	want := []string{"early s3cret-value", "late ***", "line-one", "line-two"}
	if diff := cmp.Diff(want, r.output()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"early s3cret-value"}, r.Leaked()); diff != "" {
		t.Errorf("leaks (-want +got):\n%s", diff)
	}
}

func TestIssues(t *testing.T) {
	t.Parallel()
	lines := []string{"##vso[task.setsecret]s3cret-value", "##vso[task.logissue type=Warning;code=C]w1 s3cret-value%0Aw2"}
	for i := range 12 {
		lines = append(lines, fmt.Sprintf("##vso[task.issue type=error]e%d", i))
	}
	r := run(t, fakeJob(t, script(lines...)))
	s := r.Steps[0]
	if s.Outcome != Succeeded || len(s.Issues) != 11 {
		t.Errorf("outcome %s with %d issues: issues alone fail no step, and ten of a type are kept", s.Outcome, len(s.Issues))
	}
	if diff := cmp.Diff(Issue{"warning", "C", "w1 ***\nw2"}, s.Issues[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out := r.output()
	if len(out) != 14 {
		t.Fatalf("the log has %d lines, want 14: %q", len(out), out)
	}
	if diff := cmp.Diff([]string{"##[warning]w1 ***", "w2", "##[error]e11"}, []string{out[0], out[1], out[13]}); diff != "" {
		t.Errorf("the first two lines and the last (-want +got):\n%s", diff)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		results   string
		want, job string
	}{
		{"Succeeded", Succeeded, Succeeded},
		{"Failed Succeeded", Failed, Failed},
		{"SucceededWithIssues", SucceededWithIssues, SucceededWithIssues},
		{"Skipped Failed", Skipped, Succeeded},
		{"Failed Abandoned Succeeded", Abandoned, Failed},
		{"Canceled Failed", Canceled, Canceled},
	} {
		t.Run(tt.results, func(t *testing.T) {
			t.Parallel()
			var lines []string
			for result := range strings.FieldsSeq(tt.results) {
				lines = append(lines, "##vso[task.complete result="+result+"]not printed")
			}
			r := run(t, fakeJob(t, script(lines...)))
			if r.Steps[0].Outcome != tt.want || r.Outcome != tt.job {
				t.Errorf("the step ends as %s and the job as %s, want %s and %s", r.Steps[0].Outcome, r.Outcome, tt.want, tt.job)
			}
			if len(r.output()) != 0 {
				t.Errorf("commands are printed: %q", r.output())
			}
		})
	}
}

// TestTaskRestrictions: a forbidden command or name is a warning and has no effect.
func TestTaskRestrictions(t *testing.T) {
	t.Parallel()
	step := does("say ##vso[task.setvariable variable=mySUFFIX]a", "say ##vso[task.setvariable variable=Exact]b", "say ##vso[task.setvariable variable=other]c",
		"say ##vso[task.uploadsummary]/file", "say ##vso[artifact.upload]/file", "say ##vso[telemetry.publish]{}", "say ##vso[task.setvariable variable=listed]d")
	step.Settable = []string{"*suffix", "other", "listed"}
	r := run(t, fakeJob(t, step))
	var refused []string
	for _, i := range r.Steps[0].Issues {
		refused = append(refused, i.Type+" "+i.Message)
	}
	const why = " is not allowed in this step due to policy restrictions"
	want := []string{
		"warning setting variable Exact" + why, "warning setting variable other" + why,
		"warning ##vso[task.uploadsummary]" + why, "warning ##vso[artifact.upload]" + why,
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Steps[0].Outcome != Succeeded {
		t.Errorf("the step ends as %s", r.Steps[0].Outcome)
	}
	if r.Variables["mySUFFIX"].Value != "a" || r.Variables["Fake1.listed"].Value != "d" {
		t.Errorf("the variables that are allowed are not set: %v", r.Variables)
	}
	for _, name := range []string{"Exact", "other", "listed"} {
		if v, ok := r.Variables[name]; ok {
			t.Errorf("%s was set: %+v", name, v)
		}
	}
}

func TestRestrictedStep(t *testing.T) {
	t.Parallel()
	step := script("##vso[task.setvariable variable=a]1", "##vso[task.setendpoint id=x]", "##vso[task.prependpath]/x")
	step.Restricted, step.Settable = true, []string{}
	r := run(t, fakeJob(t, step))
	if s := r.Steps[0]; s.Outcome != Succeeded || len(s.Issues) != 2 {
		t.Errorf("step is %+v", s)
	}
	if _, ok := r.Variables["a"]; ok {
		t.Error("an empty list must allow no variable")
	}
}

func TestDecodePercents(t *testing.T) {
	t.Parallel()
	for value, decoded := range map[string]bool{"": true, "1": true, "True": true, "$TRUE": true, "False": false, "0": false, "no": false, " true": false} {
		job := fakeJob(t, script("##vso[task.setvariable variable=a]x%AZP25y%0Az"))
		job.Variables = []Variable{{Name: "decode_percents", Value: value}}
		want := "x%AZP25y\nz"
		if decoded {
			want = "x%y\nz"
		}
		if v := run(t, job).Variables["a"].Value; v != want {
			t.Errorf("%q: value is %q, want %q", value, v, want)
		}
	}
}

// TestStickySecret: a name that is secret stays secret, its new value is masked, and no
// script gets it without a mapping.
func TestStickySecret(t *testing.T) {
	t.Parallel()
	use := Step{Script: `echo "[$REGION] $MAPPED plain-value"`, Env: map[string]string{"MAPPED": "$(region)"}}
	job := fakeJob(t, script("##vso[task.setvariable variable=REGION]plain-value"), use)
	job.Variables = []Variable{{Name: "region", Value: "old-value", Secret: true}}
	if diff := cmp.Diff([]string{"[] *** ***"}, run(t, job).output()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReadOnly: setting such a variable fails the step, or warns and sets it where the
// service has not switched that on; it stays read-only.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for enforced, want := range map[string]string{"true": "old", "false": "new"} {
		job := fakeJob(t, script("##vso[task.setvariable variable=Region]new"))
		job.Variables = []Variable{{Name: "region", Value: "old", ReadOnly: true}, {Name: "agent.readOnlyVariables", Value: enforced}}
		r := run(t, job)
		if failed := r.Outcome == Failed; failed != (enforced == "true") {
			t.Errorf("enforced %s: job %s", enforced, r.Outcome)
		}
		v := r.Variables["Region"]
		if enforced == "true" {
			v = r.Variables["region"]
		}
		if v.Value != want || !v.ReadOnly {
			t.Errorf("enforced %s: variable is %+v", enforced, v)
		}
	}
}

func TestDebug(t *testing.T) {
	t.Parallel()
	for debug, want := range map[string][]string{
		"false": nil, "True": {"##[debug]words", "##[debug]Processed: ##vso[task.debug]words"},
	} {
		job := fakeJob(t, script("##vso[task.debug]words"))
		job.Variables = []Variable{{Name: "System.Debug", Value: debug}}
		if diff := cmp.Diff(want, run(t, job).output()); diff != "" {
			t.Errorf("system.debug %s (-want +got):\n%s", debug, diff)
		}
	}
}
