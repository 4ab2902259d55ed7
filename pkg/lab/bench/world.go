package bench

import (
	"net/http"
	"os"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

const deployRole = "arn:aws:iam::111122223333:role/deploy"

// transport is how the stand-ins are reached.
type transport struct {
	name string
	// options choose it for the task.
	options sandbox.EnvOptions
}

// transports are the two that are compared. Over TLS the stand-ins are verified by an
// authority that the task finds in AGENT_CAINFO, beside the system's.
var transports = []transport{
	{"http", sandbox.EnvOptions{}},
	{"TLS", sandbox.EnvOptions{LoopbackTLS: true}},
}

// base is what every process gets.
func (b *bench) base() []string { return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir} }

// environment is that of a task's process with the inputs of the minimal step, or others.
func (b *bench) environment(s *sandbox.Sandbox, o sandbox.EnvOptions, inputs map[string]string) []string {
	o.TempDirectory = b.dir
	connection, _ := s.Config().Connection("aws-prod")
	minimal := map[string]string{
		"INPUT_SERVICECONNECTION": connection.ID, "INPUT_REGION": "eu-west-1", "INPUT_ROLEARN": deployRole,
	}
	env := b.base()
	for _, m := range []map[string]string{s.Environment(o), minimal, inputs} {
		for name, value := range m {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// step is the whole step, as the agent starts it.
func (b *bench) step(t transport) command {
	return command{args: []string{b.node, b.task + "/index.js"}, env: b.environment(b.world, t.options, nil), exchanges: 1}
}

// program is the binary in a mode of the task, without Node.
func (b *bench) program(t transport, inputs map[string]string) command {
	return command{args: []string{b.bin, "task"}, env: b.environment(b.world, t.options, inputs), exchanges: 1}
}

// granted counts what STS has granted since the last reset.
func (b *bench) granted() int {
	n := 0
	for _, r := range b.world.Requests(sandbox.LegSTS) {
		if r.Status == http.StatusOK && strings.HasPrefix(r.Action, "AssumeRole") {
			n++
		}
	}
	return n
}
