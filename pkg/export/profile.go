package export

import (
	"context"
	"strings"

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

// Announce tells the post-job part of the profile. It comes before anything is made.
func (p ProfilePlace) Announce(out *vso.Writer) {
	out.SetTaskVariable(ProfileVariable, p.ID)
	out.SetTaskVariable(ProfileTempVariable, p.TempDir)
}

// profile writes the profile and points later steps to it.
func (x Exporter) profile(ctx context.Context) error {
	plan, err := x.Step.Plan.Encode()
	if err != nil {
		return &fault.Fault{Code: fault.Internal, Summary: "the profile's state cannot be encoded", Cause: err}
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
		return ended
	}
	if err != nil {
		return err
	}
	x.profileVariables(p)
	return nil
}

func (x Exporter) profileVariables(p awsprofile.Profile) {
	for _, v := range []struct{ name, value string }{
		{"AWS_CONFIG_FILE", p.ConfigFile},
		{"AWS_SHARED_CREDENTIALS_FILE", p.CredentialsFile},
		{"AWS_PROFILE", x.Step.Export.ProfileName},
		{"AWS_SDK_LOAD_CONFIG", "1"},
		{"AWS_EC2_METADATA_DISABLED", "true"},
	} {
		x.plain(v.name, v.value)
	}
	if !x.Step.Export.Mode.Variables() || x.Step.Export.Prefix != "" {
		x.regions("")
	}
	x.profileNotice()
}

func (x Exporter) profileNotice() {
	where := "on this host, outside containers"
	if x.Step.InContainer {
		where = "in this step's container"
	}
	x.Out.Print(strings.Split("\n"+
		"The profile "+x.Step.Export.ProfileName+" serves later steps that run "+where+", without an env: block, and renews itself.\n"+
		"Any process of this job can read these credentials and the job's access token until the job ends; renewed credentials are not masked in logs.\n"+
		"Use exportAs: variables where only chosen steps may have the credentials, and a session's length is enough.", "\n")...)
}
