// Command pipeline-sandbox runs local stand-ins for Azure DevOps, Microsoft Entra
// and AWS STS, and plays job files against the packed task. It is not shipped.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	mode := ""
	if len(args) > 0 {
		mode, args = args[0], args[1:]
	}
	switch mode {
	case "serve":
		return sandbox.Serve(ctx, args, stdout, stderr)
	case "run":
		return miniagent.Main(ctx, args, os.LookupEnv, stdout, stderr)
	case "call-identity":
		return miniagent.CallIdentity(ctx, os.LookupEnv, stdout, stderr)
	}
	_, _ = fmt.Fprintln(stderr, "usage: pipeline-sandbox serve [flags]\n       pipeline-sandbox run FILE.yml --vsix FILE.vsix [flags]\n       pipeline-sandbox call-identity")
	return 2
}
