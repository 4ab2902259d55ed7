package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

var update = flag.Bool("update", os.Getenv("UPDATE") != "", "rewrite the golden parts of scripts")

// TestMain lets the scripts run main itself, stamped as a build stamps it.
// programs are in PATH while tests run.
var programs = map[string]func(){"assume-aws-role": main}

func TestMain(m *testing.M) {
	printExecutable()
	stamp, extension = product+"1.0.0", "assume-aws-role.assume-aws-role"
	testscript.Main(m, programs)
}

// TestScripts runs the binary against the stand-ins of Azure DevOps, Entra and
// STS, one set for each script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fault": faultCommand, "task": taskCommand, "requests": requestsCommand,
			"use": useCommand, "world": worldCommand, "input": inputCommand, "adopt": adoptCommand,
			"profile": profileCommand, "log": logCommand, "age": ageCommand, "clock": clockCommand,
			"signal": signalCommand, "watch": watchCommand, "opened": openedCommand, "authorities": authoritiesCommand,
		},
		Condition: condition,
	})
}

type sandboxKey struct{}

// setup starts the stand-ins and gives the script the environment of a task that
// uses the connection aws-prod.
func setup(env *testscript.Env) error {
	cfg := sandbox.Default()
	cfg.Now = newClock(env)
	s, err := sandbox.New(cfg)
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	env.Defer(s.Close)
	env.Values[sandboxKey{}] = s
	s.Shown() // from now on, for signalCommand
	env.Values[openedKey{}] = &opens{}
	temp := env.WorkDir + "/_temp"
	if err := os.Mkdir(temp, 0o755); err != nil {
		return fmt.Errorf("making temp directory: %w", err)
	}
	variables := s.Environment(sandbox.EnvOptions{TempDirectory: temp})
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		env.Setenv(name, variables[name])
	}
	conn, _ := s.Config().Connection("aws-prod")
	env.Setenv("INPUT_SERVICECONNECTION", conn.ID)
	env.Setenv("INPUT_ROLEARN", "arn:aws:iam::111122223333:role/deploy")
	env.Setenv("INPUT_REGION", "eu-west-1")
	return nil
}

func world(ts *testscript.TestScript) *sandbox.Sandbox {
	s, ok := ts.Value(sandboxKey{}).(*sandbox.Sandbox)
	if !ok {
		ts.Fatalf("no sandbox")
	}
	return s
}

// faultCommand switches faults on: fault sts:status=503 …
func faultCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(world(ts).SetFaults(args...))
}

// signals are those by which a step can be stopped.
var signals = map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP}

// signalCommand waits until a fault shows, and sends a signal to what runs in the
// background then: signal HUP.
func signalCommand(ts *testscript.TestScript, _ bool, args []string) {
	select {
	case <-world(ts).Shown():
	case <-time.After(time.Minute):
		ts.Fatalf("no fault shows")
	}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(signals[args[0]]))
	}
}

// worldCommand reaches the stand-ins by their real names: over TLS, through the
// agent's proxy.
func worldCommand(ts *testscript.TestScript, _ bool, args []string) {
	options := sandbox.EnvOptions{TempDirectory: ts.Getenv("AGENT_TEMPDIRECTORY"), TLS: slices.Contains(args, "tls"), Proxy: slices.Contains(args, "proxy")}
	if options.TLS {
		ts.Setenv("INPUT_STSENDPOINT", "")
	}
	for name, value := range world(ts).Environment(options) {
		ts.Setenv(name, value)
	}
}

// inputCommand fills an input of several lines from a file: input requiredClaims claims.
func inputCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("INPUT_"+strings.ToUpper(args[0]), ts.ReadFile(args[1]))
}

// adoptCommand gives the script the plain variables that the last step set, as the agent
// gives them to the next one.
func adoptCommand(ts *testscript.TestScript, _ bool, _ []string) {
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "##vso[task.setvariable variable=")
		if name, value, _ := strings.Cut(rest, "]"); ok && !strings.Contains(name, ";") {
			ts.Setenv(strings.ToUpper(strings.ReplaceAll(name, ".", "_")), value)
		}
	}
}

// useCommand selects a connection by its name: use azure-prod.
func useCommand(ts *testscript.TestScript, _ bool, args []string) {
	inputs := map[sandbox.ConnectionKind]string{
		sandbox.AWSOIDC: "INPUT_SERVICECONNECTION", sandbox.AWSToolkit: "INPUT_AWSSERVICECONNECTION",
		sandbox.AzureResourceManager: "INPUT_AZURESERVICECONNECTION", sandbox.AzureDevOps: "INPUT_AZUREDEVOPSSERVICECONNECTION",
	}
	ts.Setenv("INPUT_SERVICECONNECTION", "")
	if args[0] == "pipeline" {
		ts.Setenv("INPUT_CONNECTIONTYPE", "none")
		return
	}
	conn, ok := world(ts).Config().Connection(args[0])
	if !ok {
		ts.Fatalf("no connection %s", args[0])
	}
	ts.Setenv("INPUT_CONNECTIONTYPE", string(conn.Kind))
	ts.Setenv(inputs[conn.Kind], conn.ID)
}

// taskCommand runs the task as the agent does: task, or task FAULT-CODE when it
// must fail. It checks what holds for every run: exit status 0, one outcome, no
// secret outside the commands that carry it, nothing exported by a failure.
func taskCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("assume-aws-role", "task"))
	out := ts.ReadFile("stdout")
	if said := ts.ReadFile("stderr"); said != "" {
		ts.Fatalf("standard error is not empty: %s", said)
	}
	checkSecrets(ts, out)
	if v := world(ts).Violations(); len(v) > 0 {
		ts.Fatalf("the stand-ins saw violations: %s", strings.Join(v, "; "))
	}
	if len(args) == 0 {
		if strings.Contains(out, "type=error") || strings.Contains(out, "task.complete") {
			ts.Fatalf("the task failed")
		}
		return
	}
	checkFailure(ts, out, args[0])
}

func checkFailure(ts *testscript.TestScript, out, code string) {
	if n := strings.Count(out, "##vso[task.logissue type=error"); n != 1 {
		ts.Fatalf("%d error issues, want 1", n)
	}
	if !strings.Contains(out, "##vso[task.logissue type=error;code="+code+"]"+code+": ") {
		ts.Fatalf("no error issue with the code %s", code)
	}
	if !strings.Contains(out, "%0AWhy: ") {
		ts.Fatalf("the error does not say why")
	}
	if !strings.HasSuffix(out, "##vso[task.complete result=Failed]\n") || strings.Count(out, "##vso[task.complete") != 1 {
		ts.Fatalf("the outcome is not reported once, last, as Failed")
	}
	if strings.Contains(out, "##vso[task.setvariable") {
		ts.Fatalf("a failed step exported something")
	}
}

// checkSecrets takes every registered secret and looks for it in other lines, and
// for the job's token.
func checkSecrets(ts *testscript.TestScript, out string) {
	var secrets, others []string
	for line := range strings.SplitSeq(out, "\n") {
		if value, ok := strings.CutPrefix(line, "##vso[task.setsecret]"); ok {
			secrets = append(secrets, value)
		} else if !strings.Contains(line, "issecret=true]") {
			others = append(others, line)
		}
	}
	const accountID = 12
	text := strings.Join(others, "\n")
	for _, s := range append(secrets, world(ts).JobToken) {
		if len(s) > accountID && strings.Contains(text, s) {
			ts.Fatalf("a secret stands in the log")
		}
	}
}

// requestsCommand counts requests by leg: requests ado=1 sts=0.
func requestsCommand(ts *testscript.TestScript, _ bool, args []string) {
	for _, arg := range args {
		leg, count, _ := strings.Cut(arg, "=")
		want, err := strconv.Atoi(count)
		ts.Check(err)
		if got := len(world(ts).Requests(leg)); got != want {
			ts.Fatalf("%s received %d requests, want %d", leg, got, want)
		}
	}
}
