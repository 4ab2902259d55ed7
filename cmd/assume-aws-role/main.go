// Command assume-aws-role is the binary behind the AssumeAwsRole pipeline task.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// version is stamped by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := cli.Run(ctx, cli.Env{
		Args:       os.Args[1:],
		Lookup:     os.LookupEnv,
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Now:        time.Now,
		Version:    version,
		Executable: os.Executable,
	})
	stop()
	os.Exit(status)
}
