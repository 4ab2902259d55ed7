package sandbox

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

const serveUsage = `usage: pipeline-sandbox serve [--config FILE] [--connection NAME] [--tls] [--proxy]
                              [--fault LEG:ITEM,…]… [--env-file FILE]

Starts the Azure DevOps, Entra and STS stand-ins on loopback, prints the
environment that a task needs and serves until interrupted.

`

// faultFlag collects --fault.
type faultFlag []string

func (f *faultFlag) String() string { return strings.Join(*f, " ") }

func (f *faultFlag) Set(text string) error {
	if _, err := ParseFault(text); err != nil {
		return err
	}
	*f = append(*f, text)
	return nil
}

type serveOptions struct {
	config, connection, envFile string
	faults                      faultFlag
	env                         EnvOptions
}

// Serve is the command `pipeline-sandbox serve`. It returns the exit status: 0
// when interrupted, 1 when something failed, 2 for wrong usage.
func Serve(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseServe(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	if err := serve(ctx, o, stdout, stderr); err != nil {
		report(stderr, "pipeline-sandbox: %v\n", err)
		return 1
	}
	return 0
}

// report writes for people; nobody can be told that it failed.
func report(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

func parseServe(args []string, stderr io.Writer) (serveOptions, error) {
	var o serveOptions
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		report(stderr, "%s", serveUsage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.config, "config", "", "JSON `FILE` that describes organisation, connections and accounts")
	flags.StringVar(&o.connection, "connection", "aws-prod", "`NAME` of the service connection to put into INPUT_SERVICECONNECTION")
	flags.StringVar(&o.envFile, "env-file", "", "also write NAME=value lines to `FILE`")
	flags.BoolVar(&o.env.TLS, "tls", false, "real host names over TLS through the proxy instead of plain http")
	flags.BoolVar(&o.env.Proxy, "proxy", false, "set proxy and authority also without --tls; the Entra stand-in needs them")
	flags.Var(&o.faults, "fault", "let a leg misbehave, for example sts:status=503,times=2 (repeatable)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		report(stderr, "pipeline-sandbox serve: unexpected argument %q\n", flags.Arg(0))
		return o, errors.New("usage")
	}
	return o, nil
}

func serve(ctx context.Context, o serveOptions, stdout, stderr io.Writer) error {
	cfg := Default()
	if o.config != "" {
		var err error
		if cfg, err = Load(o.config); err != nil {
			return err
		}
	}
	s, err := New(cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SetFaults(o.faults...); err != nil {
		return err
	}
	env := s.Environment(o.env)
	if conn, ok := cfg.Connection(o.connection); ok {
		env["INPUT_SERVICECONNECTION"] = conn.ID
	}
	if o.envFile != "" {
		if err := os.WriteFile(o.envFile, []byte(plain(env)), 0o600); err != nil {
			return fmt.Errorf("writing the environment: %w", err)
		}
	}
	if _, err := io.WriteString(stdout, exports(env)); err != nil {
		return fmt.Errorf("printing the environment: %w", err)
	}
	<-ctx.Done()
	s.summarise(stderr)
	return nil
}

func plain(env map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		b.WriteString(name + "=" + env[name] + "\n")
	}
	return b.String()
}

// summarise says what was asked for and what clients did wrong.
func (s *Sandbox) summarise(w io.Writer) {
	for _, req := range s.Requests("") {
		report(w, "%s %s %s%s %s %d %s\n", req.Leg, req.Method, req.Host, req.Path, req.Action, req.Status, req.Fault)
	}
	for _, v := range s.Violations() {
		report(w, "violation: %s\n", v)
	}
}
