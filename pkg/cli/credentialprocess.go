package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

const credentialProcessUsage = `usage: assume-aws-role credential-process ID

Prints the credentials of the profile ID as one JSON document, as the AWS SDKs
want it of a credential_process. Run it from the profile's directory, as the line
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
	if len(args) != 1 || args[0] == "" || strings.Trim(args[0], "0123456789abcdef") != "" {
		fmt.Fprint(e.Stderr, "assume-aws-role: credential-process wants one id of hexadecimal digits\n\n"+credentialProcessUsage)
		return exitUsage
	}
	executable, err := e.Executable()
	if err == nil {
		err = awsprofile.Serve(ctx, awsprofile.ServeOptions{
			Dir: filepath.Dir(executable), ID: args[0], Stdout: e.Stdout, Now: e.Now,
			Note:      func(text string) { say(e, text) },
			Renew:     renewal(e),
			Transient: exchange.Transient,
		})
	}
	if err == nil {
		return exitOK
	}
	say(e, fault.Of(err, "the call stopped for an unknown reason").Message())
	return exitFault
}

// say writes to standard error, which SDKs put into their own messages and so into
// the pipeline's log: nothing in it may be read as a command there.
func say(e Env, text string) {
	fmt.Fprintln(e.Stderr, "assume-aws-role: "+vso.Neutralise(text))
}

// renewal walks the whole way to credentials again, guards and second role
// included, as the step did.
func renewal(e Env) func(context.Context, []byte) (awsprofile.Credentials, error) {
	return func(ctx context.Context, plan []byte) (awsprofile.Credentials, error) {
		p, err := exchange.DecodePlan(plan)
		if err != nil {
			return awsprofile.Credentials{}, &fault.Fault{Code: fault.ProfileState, Summary: "the profile's state cannot be read", Cause: err}
		}
		result, err := exchange.Run(ctx, p, exchange.Options{Now: e.Now, Mask: func(secret.Value) {}})
		err = explained(err, result, p)
		if err != nil {
			return awsprofile.Credentials{}, ofRenewal(err)
		}
		c := result.Session.Credentials
		return awsprofile.Credentials{
			AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
			Issued: e.Now(), Expires: c.Expires,
		}, nil
	}
}

// ofRenewal puts what is said of a step into words that fit a renewal.
func ofRenewal(err error) error {
	f, known := fault.As(err)
	if !known || f.Code != fault.Timeout && f.Code != fault.Canceled {
		return err
	}
	g := *f
	g.Summary, g.Remedy = "the credentials could not be renewed in time", []string{"Look for the slow leg named above."}
	if f.Code == fault.Canceled {
		g.Summary, g.Why = "the renewal was canceled", "the process that renews the credentials was told to end."
		g.Remedy = []string{"Run the command again."}
	}
	return &g
}

// explained tells a failure as the step would. SDKs put standard error into the
// pipeline's log, so what the agent masks there has to stay readable here, too.
func explained(err error, result exchange.Result, p exchange.Plan) error {
	f, known := fault.As(err)
	if !known {
		return err
	}
	return account{p.Step, result}.told(f)
}
