package cli

import (
	"context"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/export"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

// post is the part of the step that the agent runs at the end of the job, whether
// the main part ran or not (microsoft/azure-pipelines-agent
// src/Agent.Worker/JobExtension.cs). It returns 0 always: the job's outcome must not
// depend on it.
func post(ctx context.Context, e Env) int {
	out := newWriter(e)
	defer func() {
		if recover() != nil {
			out.LogIssue(vso.IssueWarning, string(fault.Internal), "internal error in the clean-up; the profile's files may still be there")
		}
	}()
	id, _ := e.Lookup("VSTS_TASKVARIABLE_" + strings.ToUpper(export.ProfileVariable))
	if id == "" {
		return exitOK
	}
	temp, _ := e.Lookup("VSTS_TASKVARIABLE_" + strings.ToUpper(export.ProfileTempVariable))
	if err := foreign.Within(ctx, func() error { return awsprofile.Remove(temp, id) }); err != nil {
		f, known := fault.As(err)
		if !known {
			f = &fault.Fault{Code: fault.ProfileCleanup, Summary: "the clean-up was canceled; the profile's files may still be there", Cause: err}
		}
		out.LogIssue(vso.IssueWarning, string(f.Code), f.Message())
	}
	return exitOK
}
