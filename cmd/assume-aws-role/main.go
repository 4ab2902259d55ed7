// Command assume-aws-role is the binary behind the AssumeAwsRole pipeline task.
package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// product begins the stamp, and the User-Agent of every request.
const product = "assume-aws-role/"

// stamp is product and version, set by the build.
var stamp = product + "dev"

// extension is the extension that holds this program, publisher and id joined by a dot,
// set by the build.
var extension = ""

func main() {
	forbidCoreDumps()
	task := slices.Equal(os.Args[1:], []string{"task"})
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if task || slices.Equal(os.Args[1:], []string{"post"}) {
		signals = append(signals, syscall.SIGHUP) // a command started with nohup must survive it
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	if task {
		// A step whose launcher was killed has failed: nothing may be exported for it.
		endWithParent(stop)
	}
	os.Exit(cli.Run(ctx, cli.Env{
		Args:       os.Args[1:],
		Lookup:     environment(),
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		Now:        time.Now,
		Version:    strings.TrimPrefix(stamp, product),
		Extension:  extension,
		Executable: executable,
	}))
}

// environment reads variables, and keeps from crypto/x509 those by which any earlier
// step could add a certificate authority in silence. The agent's own bundle is named
// in the log.
func environment() func(string) (string, bool) {
	hidden := map[string]string{}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		if value, set := os.LookupEnv(name); set && os.Unsetenv(name) == nil {
			hidden[name] = value
		}
	}
	return func(name string) (string, bool) {
		if value, set := hidden[name]; set {
			return value, true
		}
		return os.LookupEnv(name)
	}
}
