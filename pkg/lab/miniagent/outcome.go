package miniagent

import "slices"

// Outcomes of steps and jobs.
const (
	Succeeded           = "Succeeded"
	SucceededWithIssues = "SucceededWithIssues"
	Failed              = "Failed"
	Canceled            = "Canceled"
	Skipped             = "Skipped"
	Abandoned           = "Abandoned"
)

var outcomes = []string{Succeeded, SucceededWithIssues, Failed, Canceled, Skipped, Abandoned}

// merge is what a step's outcome becomes when another is reported: the worse one
// wins, and from Canceled on it never changes (src/Agent.Worker/Util/TaskResultUtil.cs).
func merge(now, reported string) string {
	if slices.Contains(outcomes[3:], now) || slices.Index(outcomes, reported) < slices.Index(outcomes, now) {
		return now
	}
	return reported
}

// mergeStep is what a job's outcome becomes after a step: a skipped one changes
// nothing, an abandoned one counts as failed (src/Agent.Worker/StepsRunner.cs).
func mergeStep(job, step string) string {
	switch step {
	case Skipped:
		return job
	case Abandoned:
		step = Failed
	}
	return merge(job, step)
}

// Conditions that a step may have.
const (
	WhenSucceeded         = "succeeded()"
	WhenSucceededOrFailed = "succeededOrFailed()"
	WhenFailed            = "failed()"
	Always                = "always()"
	Never                 = "false"
)

var conditions = []string{"", WhenSucceeded, WhenSucceededOrFailed, WhenFailed, Always, Never}

// holdsFor tells whether a condition lets a step run after the job has come to an
// outcome; an empty one is WhenSucceeded.
func holdsFor(condition, job string) bool {
	switch condition {
	case Always:
		return true
	case Never:
		return false
	case WhenSucceededOrFailed:
		return job != Canceled
	case WhenFailed:
		return job == Failed
	}
	return job == Succeeded || job == SucceededWithIssues
}
