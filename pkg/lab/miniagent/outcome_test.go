package miniagent

import "testing"

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ now, reported, want string }{
		{Succeeded, SucceededWithIssues, SucceededWithIssues},
		{SucceededWithIssues, Succeeded, SucceededWithIssues},
		{Failed, SucceededWithIssues, Failed},
		{Failed, Canceled, Canceled},
		{Succeeded, Skipped, Skipped},
		{Failed, Abandoned, Abandoned},
		{Canceled, Failed, Canceled},
		{Canceled, Abandoned, Canceled},
		{Skipped, Failed, Skipped},
		{Abandoned, Failed, Abandoned},
	} {
		if got := merge(tt.now, tt.reported); got != tt.want {
			t.Errorf("merge(%s, %s) = %s, want %s", tt.now, tt.reported, got, tt.want)
		}
	}
}

func TestMergeStep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ job, step, want string }{
		{Succeeded, Skipped, Succeeded},
		{Succeeded, Abandoned, Failed},
		{SucceededWithIssues, Succeeded, SucceededWithIssues},
		{Canceled, Failed, Canceled},
		{Failed, Succeeded, Failed},
	} {
		if got := mergeStep(tt.job, tt.step); got != tt.want {
			t.Errorf("mergeStep(%s, %s) = %s, want %s", tt.job, tt.step, got, tt.want)
		}
	}
}

func TestHoldsFor(t *testing.T) {
	t.Parallel()
	jobs := []string{Succeeded, SucceededWithIssues, Failed, Canceled}
	for condition, want := range map[string][4]bool{
		"":                    {true, true, false, false},
		WhenSucceeded:         {true, true, false, false},
		WhenSucceededOrFailed: {true, true, true, false},
		WhenFailed:            {false, false, true, false},
		Always:                {true, true, true, true},
		Never:                 {false, false, false, false},
	} {
		for i, job := range jobs {
			if got := holdsFor(condition, job); got != want[i] {
				t.Errorf("holdsFor(%q, %s) = %v", condition, job, got)
			}
		}
	}
}
