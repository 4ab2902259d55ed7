package sandbox

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const serveUsage = `usage: pipeline-sandbox serve [flags]

Starts the Azure DevOps, Entra and STS stand-ins on loopback, prints the
environment that a task needs as shell commands and serves until interrupted;
then it prints what was asked for and what clients did wrong. Variables whose
names no shell can hold (those of service connections) are in --env-file only.

A fault is LEG:ITEM,ITEM… where LEG is ado, entra, sts or proxy, for example
sts:status=503,times=2  ado:planSecurity,times=2  sts:code=IDPCommunicationError
Items: status=N code=S message=S retryAfter=N retryAfter=date:N planSecurity
noReference html redirect redirect=URL empty null half truncated huge huge=BYTES
type=S inject echo=HOW wrongAccount wrongRole delay=D reset cut break=PHASE-WAY
cert=HOW bigHeader=BYTES untilClosed drip drip=D skew=D times=N skip=N action=S;
for the proxy also malformed for=LEG

Flags:
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
	config, envFile          string
	connection, role, region string
	latency                  time.Duration
	faults                   faultFlag
	env                      EnvOptions
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
	flags.StringVar(&o.connection, "connection", "aws-prod", "`NAME` of the service connection in the step's inputs, or none")
	flags.StringVar(&o.role, "role", roleARN("deploy"), "`ARN` in the step's inputs")
	flags.StringVar(&o.region, "region", "eu-west-1", "region in the step's inputs")
	flags.StringVar(&o.envFile, "env-file", "", "also write NAME=value lines to `FILE`")
	flags.BoolVar(&o.env.TLS, "tls", false, "real host names over TLS through the proxy instead of plain http")
	flags.BoolVar(&o.env.Proxy, "proxy", false, "set proxy and authority also without --tls; the Entra stand-in needs them")
	flags.BoolVar(&o.env.Metadata, "metadata", false, "set the variables of instance and container credentials to a stand-in that reports whoever asks")
	flags.DurationVar(&o.latency, "latency", 0, "round-trip time through the proxy, for --tls")
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
	if o.latency > 0 {
		cfg.RoundTripMillis = int(o.latency.Milliseconds())
	}
	s, err := New(cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SetFaults(o.faults...); err != nil {
		return err
	}
	env, err := s.stepEnvironment(o)
	if err != nil {
		return err
	}
	if o.envFile != "" {
		if err := os.WriteFile(o.envFile, []byte(plain(env)), 0o600); err != nil {
			return fmt.Errorf("writing the environment: %w", err)
		}
	}
	notes := "# discovery documents: " + s.DocumentsURL + strings.TrimPrefix(cfg.vstokenIssuer(), "https://") + "/.well-known/openid-configuration\n"
	if _, err := io.WriteString(stdout, exports(env)+notes); err != nil {
		return fmt.Errorf("printing the environment: %w", err)
	}
	<-ctx.Done()
	s.summarise(stderr)
	return nil
}

// connectionInputs names the step's input that takes a connection of each kind.
var connectionInputs = map[ConnectionKind]string{
	AWSOIDC: "INPUT_SERVICECONNECTION", AWSToolkit: "INPUT_AWSSERVICECONNECTION",
	AzureResourceManager: "INPUT_AZURESERVICECONNECTION", AzureDevOps: "INPUT_AZUREDEVOPSSERVICECONNECTION",
}

// stepEnvironment is the environment of one step with its inputs.
func (s *Sandbox) stepEnvironment(o serveOptions) (map[string]string, error) {
	o.env.TempDirectory = filepath.Join(s.dir, "temp")
	if err := os.Mkdir(o.env.TempDirectory, 0o700); err != nil {
		return nil, fmt.Errorf("making the job's temp directory: %w", err)
	}
	env := s.Environment(o.env)
	env["INPUT_ROLEARN"], env["INPUT_REGION"], env["INPUT_CONNECTIONTYPE"] = o.role, o.region, "none"
	if o.connection == "none" {
		return env, nil
	}
	conn, ok := s.cfg.Connection(o.connection)
	if !ok {
		return nil, fmt.Errorf("the configuration has no service connection %q", o.connection)
	}
	env["INPUT_CONNECTIONTYPE"], env[connectionInputs[conn.Kind]] = string(conn.Kind), conn.ID
	return env, nil
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
