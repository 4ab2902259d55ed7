package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/clients"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// rival is what a user would use instead of the task: a few lines of their own on a tool
// or an SDK of AWS. Every rival gets the token and the credentials as the task does, and
// sets the same three variables.
type rival struct {
	name string
	args []string
	// shell tells the one on the AWS CLI, which has budgets of its own.
	shell bool
}

// findRivals finds or builds the rivals. One that is not installed is named in the table.
func (b *bench) findRivals(ctx context.Context) ([]rival, error) {
	data := filepath.Join(b.Source, "pkg", "lab", "clients", "testdata")
	program := filepath.Join(b.dir, "exchange")
	if err := clients.BuildGo(filepath.Join(data, "go"), "./exchange", program); err != nil {
		return nil, err
	}
	found := []rival{{name: "AWS SDK for Go v2, default configuration", args: []string{program}}}
	js := filepath.Join(data, "js")
	if err := guest.NodeModules(ctx, js); err != nil {
		b.absent("AWS SDK for JavaScript", err)
	} else {
		found = append(found, rival{name: "AWS SDK for JavaScript " + packageVersion(js), args: []string{b.node, filepath.Join(js, "exchange.mjs")}})
	}
	cli, err := clients.AWSCLI(ctx, os.Getenv("PATH"))
	if err == nil {
		_, err = exec.LookPath("curl")
	}
	if err != nil {
		b.absent("curl and AWS CLI", err)
		return found, nil
	}
	name := "curl and AWS CLI " + cliVersion(ctx, cli)
	return append(found, rival{name: name, args: []string{"/bin/sh", filepath.Join(data, "exchange.sh"), cli}, shell: true}), nil
}

func (b *bench) absent(name string, err error) {
	b.add(row{what: name, beside: "not measured: " + err.Error()})
}

// packageVersion is the version of the SDK that is installed below dir.
func packageVersion(dir string) string {
	var manifest struct{ Version string }
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", "@aws-sdk", "client-sts", "package.json"))
	if err != nil || json.Unmarshal(text, &manifest) != nil {
		return "of unknown version"
	}
	return manifest.Version
}

func cliVersion(ctx context.Context, cli string) string {
	out, err := exec.CommandContext(ctx, cli, "--version").Output()
	version, _, _ := strings.Cut(strings.TrimPrefix(string(out), "aws-cli/"), " ")
	if err != nil {
		return "of unknown version"
	}
	return version
}

// exchange is a rival's way to credentials over a transport.
func (b *bench) exchange(r rival, t transport) command { return b.exchangeIn(b.world, r, t.options) }

// exchangeIn is the same in any world.
func (b *bench) exchangeIn(s *sandbox.Sandbox, r rival, o sandbox.EnvOptions) command {
	connection, _ := s.Config().Connection("aws-prod")
	env := append(b.base(), "SYSTEM_ACCESSTOKEN="+s.JobToken, "CONNECTION="+connection.ID, "ROLE_ARN="+deployRole, "AWS_REGION=eu-west-1")
	task := s.Environment(o)
	env = append(env, "SYSTEM_OIDCREQUESTURI="+task["SYSTEM_OIDCREQUESTURI"])
	if endpoint := task["INPUT_STSENDPOINT"]; endpoint != "" {
		env = append(env, "AWS_ENDPOINT_URL_STS="+endpoint)
	}
	if proxy := task["AGENT_PROXYURL"]; proxy != "" {
		env = append(env, "HTTPS_PROXY="+proxy)
	}
	if ca := task["AGENT_CAINFO"]; ca != "" {
		env = append(env, "CURL_CA_BUNDLE="+ca, "AWS_CA_BUNDLE="+ca, "NODE_EXTRA_CA_CERTS="+ca)
	}
	return command{args: r.args, env: env, exchanges: 1}
}

// besideTask compares a rival's time with the task's.
func (b *bench) besideTask(what string, r rival, s, task sample) {
	ratio := times(s.median(), task.median()) + " this task"
	if !r.shell {
		b.timed(what+r.name, s, ratio)
		return
	}
	const atLeast = 8
	b.judged(what+r.name, s, ratio, fmt.Sprintf("≥ %d × this task", atLeast), s.median() >= atLeast*task.median())
}
