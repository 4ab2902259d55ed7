package docs

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// packedVSIX is the packed extension; without one, the test is skipped by name.
func packedVSIX(t *testing.T) string {
	t.Helper()
	file := os.Getenv("AAR_VSIX")
	if file == "" && os.Getenv("CI") == "true" {
		t.Fatal("AAR_VSIX does not name the packed extension; ./build.sh test sets it")
	}
	if file == "" {
		t.Skip("AAR_VSIX does not name the packed extension")
	}
	return file
}

// programs are what scripts of the pages call; each is a stub here.
var programs = []string{
	"aws", "cdk", "docker", "dotnet", "helm", "kubectl", "npm", "npx", "s3cmd", "sam", "terraform",
}

// stage is where pages are played: a world, and programs that note how they are called.
type stage struct {
	*testing.T
	world *sandbox.Sandbox
	path  string
	log   string
	// files are in the directory of the repository.
	files map[string]string
}

func newStage(t *testing.T, cfg sandbox.Config) *stage {
	t.Helper()
	world, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range programs {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return &stage{T: t, world: world, path: dir + string(filepath.ListSeparator) + os.Getenv("PATH"), log: filepath.Join(t.TempDir(), "calls")}
}

// calls are the starts of stubs so far.
func (s *stage) calls() (all []call) {
	s.Helper()
	file, err := os.Open(s.log)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		s.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			s.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// play runs the steps of one job as the page shows them, but for the address of STS.
func (s *stage) play(steps []map[string]any) miniagent.Result {
	s.Helper()
	s.log = filepath.Join(s.TempDir(), "calls")
	played := s.checkout()
	for _, step := range steps {
		step = maps.Clone(step)
		if step["task"] == taskName {
			inputs, _ := step["inputs"].(map[string]any)
			inputs = maps.Clone(inputs)
			inputs["stsEndpoint"] = "$(sandbox.stsEndpoint)"
			step["inputs"] = inputs
		}
		played = append(played, step)
	}
	text, err := yaml.Marshal(map[string]any{"steps": played})
	if err != nil {
		s.Fatal(err)
	}
	file := filepath.Join(s.TempDir(), "job.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		s.Fatal(err)
	}
	job := miniagent.NewJob(s.world, sandbox.EnvOptions{}, packedVSIX(s.T), s.TempDir(), s.path)
	job.HostEnv[stubLog] = s.log
	if _, err := job.Load(file); err != nil {
		s.Fatalf("%v in\n%s", err, text)
	}
	result, err := miniagent.Run(s.Context(), job)
	if err != nil {
		s.Fatal(err)
	}
	for _, v := range s.world.Violations() {
		s.Errorf("violation: %s", v)
	}
	return result
}

// checkout is a step that puts the repository's files where scripts start.
func (s *stage) checkout() (steps []map[string]any) {
	for name, text := range s.files {
		steps = append(steps, map[string]any{"script": "printf '%s' \"$TEXT\" > " + name, "env": map[string]any{"TEXT": text}})
	}
	return steps
}

const taskName = "AssumeAwsRole@1"

// jobs are the lists of steps of a pipeline of any shape: those of its jobs, or of
// its deployment hooks.
func jobs(node any) (found [][]map[string]any) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			found = append(found, jobs(child)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(n)) {
			child := n[key]
			list, ok := child.([]any)
			if key != "steps" || !ok {
				found = append(found, jobs(child)...)
				continue
			}
			found = append(found, stepList(list))
		}
	}
	return found
}

func stepList(list []any) (steps []map[string]any) {
	for _, item := range list {
		if step, ok := item.(map[string]any); ok {
			steps = append(steps, step)
		}
	}
	return steps
}

func logText(r miniagent.Result) string { return strings.Join(r.Log, "\n") }
