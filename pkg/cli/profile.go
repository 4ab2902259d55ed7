package cli

import (
	"context"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/export"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
)

// prepareProfile tries what a profile needs where it will lie, before any request. The
// post-job part learns of it first, so that a step that is killed leaves nothing for
// good.
func (t *taskRun) prepareProfile(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	program, err := t.env.Executable()
	if err != nil {
		return &fault.Fault{Code: fault.ProfileNoExec, Summary: "the program of the task cannot find itself", Why: err.Error() + "; a profile runs a copy of it.", Cause: err}
	}
	place := export.ProfilePlace{ID: awsprofile.NewID(), TempDir: t.Step.TempDirectory, Program: program}
	if err := foreign.Within(ctx, func() error { return awsprofile.Check(place.TempDir) }); err != nil {
		return err
	}
	if dir := awsprofile.Dir(place.TempDir); !t.Out.Settable(dir) {
		return &fault.Fault{
			Code: fault.ProfilePath, Summary: "later steps could not find the profile in the agent's temp directory",
			Why: "the agent would reinterpret a part of its path, such as $( or an escape, in the variables that name the profile's files.",
		}
	}
	place.Announce(t.Out)
	if err := foreign.Within(ctx, func() error { return awsprofile.Prepare(ctx, place.TempDir, place.ID, place.Program) }); err != nil {
		return err
	}
	t.profile = place
	return nil
}

// discardWait bounds the removal of a failed step's profile: a network file system may
// never answer. The post-job part tries again.
const discardWait = 1500 * time.Millisecond

// discardProfile removes what was prepared for a step that fails after that.
func (t *taskRun) discardProfile() {
	if t.profile.ID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), discardWait)
	defer cancel()
	place := t.profile
	_ = foreign.Within(ctx, func() error { return awsprofile.Remove(place.TempDir, place.ID) })
}
