package export

import (
	"context"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// The task variables that tell the post-job part which profile to remove, and where. A
// later step can set AGENT_TEMPDIRECTORY, but not these.
const (
	ProfileVariable     = "assumeAwsRoleProfile"
	ProfileTempVariable = "assumeAwsRoleTempDirectory"
)

// ProfilePlace is where a step's profile lies.
type ProfilePlace struct {
	// ID names its state.
	ID string
	// TempDir is the agent's temp directory.
	TempDir string
	// Program is the running binary, of which the profile holds a copy.
	Program string
}

// Announce tells the post-job part of the profile. It comes before anything is made. The
// id comes last, because without it that part has nothing to do: a step may be killed
// between the two.
func (p ProfilePlace) Announce(out *vso.Writer) {
	out.SetTaskVariable(ProfileTempVariable, p.TempDir)
	out.SetTaskVariable(ProfileVariable, p.ID)
}

// profile writes the profile.
func (x Exporter) profile(ctx context.Context) (awsprofile.Profile, error) {
	kept := x.Step.Plan
	kept.Masked = x.Log.Run().Kept()
	plan, err := kept.Encode()
	if err != nil {
		return awsprofile.Profile{}, &fault.Fault{Code: fault.Internal, Summary: "the profile's state cannot be encoded", Cause: err}
	}
	var p awsprofile.Profile
	err = foreign.Within(ctx, func() (err error) {
		p, err = awsprofile.Create(awsprofile.Options{
			ID: x.Profile.ID, TempDir: x.Profile.TempDir, ProfileName: x.Step.Export.ProfileName, Region: x.Step.Region,
			Plan: plan, Binary: x.Profile.Program, Now: x.Now, Credentials: x.Result.Session.Credentials,
		})
		return err
	})
	if ended := exchange.Ended(ctx, "while the profile was being written"); ended != nil {
		return awsprofile.Profile{}, ended
	}
	return p, err
}

// profileNotice says whom the profile serves and who can read it.
func (x Exporter) profileNotice() {
	where := "on this host, outside containers"
	if x.Step.InContainer {
		where = "in this step's container"
	}
	x.Out.Print(
		"", "The profile "+x.Step.Shown("profileName", x.Step.Export.ProfileName)+" serves later steps that run "+where+", without an env: block. It renews itself.",
		"Any process of this job can read these credentials and the job's access token until the job ends; renewed credentials are not masked in logs.",
	)
	if x.Step.Export.Mode.Variables() {
		x.Out.Print("A tool that cannot read credential_process, such as Serverless Framework v3, fails whenever AWS_PROFILE is set, even with mapped keys; use exportAs: variables for such tools.")
		return
	}
	x.Out.Print("If only some scripts should get the credentials, and one session is long enough, use exportAs: variables.")
}
