package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/report"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

const credentialProcessUsage = `usage: assume-aws-role credential-process ID

Prints the credentials of the profile ID as one JSON document, as the AWS SDKs
expect it from a credential_process. Run it from the profile's directory, as the line
in the AWS config file does; it renews the credentials when it is time to.
`

// credentialProcess answers one call of an AWS SDK. Standard output carries the
// document and nothing else. Nothing is taken from the environment: the caller's is
// that of whatever step happens to use the profile.
func credentialProcess(ctx context.Context, e Env, args []string) int {
	if len(args) == 1 && (args[0] == "--help" || args[0] == "-help" || args[0] == "-h") {
		fmt.Fprint(e.Stdout, credentialProcessUsage)
		return exitOK
	}
	if len(args) != 1 || !awsprofile.ValidID(args[0]) {
		fmt.Fprint(e.Stderr, "assume-aws-role: credential-process needs one id of 32 hexadecimal digits\n\n"+credentialProcessUsage)
		return exitUsage
	}
	err := serve(ctx, e, args[0])
	if err == nil {
		return exitOK
	}
	say(e, fault.Of(err, "the call stopped for an unknown reason").Message())
	return exitFault
}

// serve answers from the directory that the program lies in. A panic becomes a fault, as
// in the step; what it carried is not printed.
func serve(ctx context.Context, e Env, id string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &fault.Fault{Code: fault.Internal, Summary: "internal error in the credential process", Details: stack()}
		}
	}()
	program, err := e.Executable()
	if err != nil {
		return &fault.Fault{Code: fault.ProfileState, Summary: "the program cannot find the profile it belongs to", Why: err.Error() + ".", Cause: err}
	}
	return awsprofile.Serve(ctx, awsprofile.ServeOptions{
		Dir: filepath.Dir(program), ID: id, Stdout: e.Stdout, Now: e.Now,
		Note:      func(text string) { say(e, text) },
		Renew:     renewal(e),
		Transient: exchange.Transient,
	})
}

// say writes to standard error, which SDKs put into their own messages and so into
// the pipeline's log: nothing in it may be read as a command there.
func say(e Env, text string) {
	fmt.Fprintln(e.Stderr, "assume-aws-role: "+vso.Neutralise(text))
}

// renewal obtains credentials again as the step did, guards and second role included.
func renewal(e Env) func(context.Context, []byte) (iam.Credentials, error) {
	return func(ctx context.Context, data []byte) (iam.Credentials, error) {
		plan, err := pipeline.DecodePlan(data)
		if err != nil {
			return iam.Credentials{}, &fault.Fault{Code: fault.ProfileState, Summary: "the profile's state cannot be read", Cause: err}
		}
		result, err := exchange.Run(ctx, plan, exchange.Options{
			Now: e.Now, Mask: func(secret.Value) {},
			Retrying: func(r exchange.Retry) { say(e, report.Retrying(r)) },
		})
		if err != nil {
			f := fault.Of(err, "the renewal stopped for an unknown reason")
			return iam.Credentials{}, report.Run{Plan: plan, Result: result}.Renewal(f)
		}
		return result.Session.Credentials, nil
	}
}
