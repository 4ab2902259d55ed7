package miniagent

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

// packFake packs the task of testdata as an extension would be, and returns the file.
func packFake(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fake.vsix")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	if err := z.AddFS(prefixed{os.DirFS("testdata")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []interface{ Close() error }{z, f} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// prefixed is testdata as the root of a package: the task's folder alone.
type prefixed struct{ fs.FS }

func (p prefixed) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(p.FS, name)
	if name == "." {
		entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() != "task" })
	}
	return entries, err
}

// scaled are waits that keep the agent's order and take no time.
var scaled = Waits{Sigint: 200 * time.Millisecond, Sigterm: 100 * time.Millisecond, HeldPipe: 100 * time.Millisecond, Gather: 20 * time.Millisecond}

// fakeJob is a job with steps, without connections.
func fakeJob(t *testing.T, steps ...Step) Job {
	t.Helper()
	job := Job{WorkDir: t.TempDir(), HostEnv: map[string]string{"PATH": os.Getenv("PATH"), "HOST_ONLY": "of the host"}, Steps: steps, Waits: scaled}
	if slices.ContainsFunc(steps, func(s Step) bool { return s.Task != "" }) {
		need.NodeProgram(t)
		job.VSIX = packFake(t)
	}
	return job
}

func does(lines ...string) Step {
	return Step{Task: "Fake", Inputs: map[string]string{"does": strings.Join(lines, "\n")}}
}

func run(t *testing.T, job Job) Result {
	t.Helper()
	r, err := Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// output is the log without what the agent itself adds.
func (r Result) output() []string {
	var out []string
	for _, line := range r.Log {
		label, _, _ := strings.Cut(line, " : ")
		known := []string{"Task", "Description", "Version", "Author", "Help"}
		if strings.HasPrefix(line, "##[section]") || strings.HasPrefix(line, "=====") || slices.Contains(known, strings.TrimSpace(label)) {
			continue
		}
		out = append(out, line)
	}
	return out
}

func (r Result) outcomes() []string {
	var out []string
	for _, s := range r.Steps {
		out = append(out, s.Outcome)
	}
	return out
}
