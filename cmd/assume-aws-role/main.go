// Command assume-aws-role is the binary behind the AssumeAwsRole pipeline task.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "github.com/assume-aws-role/assume-aws-role/cmd/assume-aws-role/cachedcall" // answers most calls of credential-process
	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// version is stamped by the build.
var version = "dev"

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	os.Exit(cli.Run(ctx, cli.Env{
		Args:       os.Args[1:],
		Lookup:     os.LookupEnv,
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Now:        time.Now,
		Version:    version,
		Executable: os.Executable,
	}))
}
