package export

import (
	"context"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
)

// ProfileVariable is the task variable that tells the post-job part which profile to
// remove.
const ProfileVariable = "assumeAwsRoleProfile"

// profile writes the profile.
func (x Exporter) profile(ctx context.Context) (awsprofile.Profile, error) {
	plan, err := x.Step.Plan.Encode()
	if err != nil {
		return awsprofile.Profile{}, &fault.Fault{Code: fault.Internal, Summary: "the profile's state cannot be encoded", Cause: err}
	}
	executable, err := x.Executable()
	if err != nil {
		return awsprofile.Profile{}, &fault.Fault{Code: fault.Internal, Summary: "the path of the task's own binary is unknown", Cause: err}
	}
	id := awsprofile.NewID()
	x.Out.SetTaskVariable(ProfileVariable, id)
	var p awsprofile.Profile
	err = foreign.Within(ctx, func() (err error) {
		p, err = awsprofile.Create(awsprofile.Options{
			ID: id, TempDir: x.Step.TempDirectory, ProfileName: x.Step.Export.ProfileName, Region: x.Step.Region,
			Plan: plan, Binary: executable, Now: x.Now, Credentials: x.Result.Session.Credentials,
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
		"", "The profile "+x.Step.Export.ProfileName+" serves later steps that run "+where+", without an env: block, and renews itself.",
		"Any process of this job can read these credentials and the job's access token until the job ends; renewed credentials are not masked in logs.",
	)
	if x.Step.Export.Mode.Variables() {
		x.Out.Print("A tool that cannot read credential_process, such as Serverless Framework v3, fails where AWS_PROFILE is set, with mapped keys, too; give it exportAs: variables.")
		return
	}
	x.Out.Print("Use exportAs: variables where only chosen steps may have the credentials, and a session's length is enough.")
}
