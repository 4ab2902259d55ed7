package docs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
)

// foreign are tasks of others and of the platform that pages show. They are left out
// when a page is played.
var foreign = []string{"Docker@2", "S3Upload@1", "DownloadPipelineArtifact@2"}

// notHere are the keys of script steps for which this machine may lack the program.
var notHere = []string{"pwsh", "powershell", "checkout", "download", "template"}

// Every pipeline of the pages and of the examples runs as it is shown, in the order
// of precedence of the agent. Programs that use AWS are stubs that fail unless they
// find credentials of a role.
func TestPipelinesRun(t *testing.T) {
	t.Parallel()
	packedVSIX(t)
	played := 0
	for _, s := range pipelines(t) {
		for i, steps := range jobs(s.document) {
			if !playable(t, s.page, steps) {
				continue
			}
			played++
			t.Run(fmt.Sprintf("%s %d", s.page, i), func(t *testing.T) {
				t.Parallel()
				st := newStage(t, worldOf(t, steps))
				st.workingFiles()
				if r := st.play(withoutForeign(steps)); r.Outcome != miniagent.Succeeded {
					t.Errorf("the job is %s:\n%s", r.Outcome, logText(r))
				}
			})
		}
	}
	if played < 20 {
		t.Errorf("only %d jobs were played", played)
	}
}

// ownPages are played by tests of their own, or need a real organisation or Entra.
var ownPages = []string{"README.md", "live-check.yml", "sandbox.yml"}

// playable reports whether a list of steps can be played here; what cannot must be
// known, so that no step is left out by a mistake in its name.
func playable(t *testing.T, page string, steps []map[string]any) bool {
	t.Helper()
	ours := false
	for _, step := range steps {
		task, _ := step["task"].(string)
		inputs, _ := step["inputs"].(map[string]any)
		if kind := inputs["connectionType"]; task == taskName && kind != "azureResourceManager" && kind != "azureDevOps" {
			ours = true
		}
		if !slices.Contains(append(foreign, "", taskName), task) {
			t.Errorf("%s: the task %s is unknown", page, task)
		}
	}
	return ours && !slices.Contains(ownPages, page)
}

func withoutForeign(steps []map[string]any) (kept []map[string]any) {
	for _, step := range steps {
		task, _ := step["task"].(string)
		other := slices.ContainsFunc(notHere, func(key string) bool { return step[key] != nil })
		if !other && !slices.Contains(foreign, task) {
			kept = append(kept, step)
		}
	}
	return kept
}

// workingFiles are what scripts of the pages find in their repository.
func (s *stage) workingFiles() {
	s.Helper()
	for _, snippet := range snippets(s.T, "ini") {
		if strings.Contains(snippet.text, "source_profile") {
			s.files = map[string]string{"aws.config": snippet.text}
		}
	}
}

// A command that a page recommends for a profile runs in a later step, and says
// nothing unless the profile is broken.
func TestProfileCommandsRun(t *testing.T) {
	t.Parallel()
	packedVSIX(t)
	found := 0
	for _, s := range snippets(t, "sh") {
		if !strings.Contains(s.text, "credential_process") {
			continue
		}
		found++
		step := map[string]any{"task": taskName, "inputs": map[string]any{"serviceConnection": "aws-prod", "exportAs": "profile"}}
		steps := []map[string]any{
			step,
			{"script": s.text},
			{"script": "rm \"$(dirname \"$AWS_CONFIG_FILE\")\"/state-*.json"},
			{"script": s.text},
		}
		r := newStage(t, worldOf(t, steps)).play(steps)
		log := logText(r)
		if got := r.Steps[1].Outcome; got != miniagent.Succeeded {
			t.Errorf("%s: before it is called, the profile serves a step that ends as %s:\n%s", s.page, got, log)
		}
		if got := r.Steps[3].Outcome; got != miniagent.Failed {
			t.Errorf("%s: after %s a step ends as %s:\n%s", s.page, s.text, got, log)
		}
		if n := strings.Count(log, "AAR-PROFILE-STATE: "); n != 1 {
			t.Errorf("%s: after %s the log says AAR-PROFILE-STATE %d times:\n%s", s.page, s.text, n, log)
		}
	}
	if found == 0 {
		t.Error("no page shows how to see why a profile fails")
	}
}

// Where a script is given one of the three credentials, it is given all: two of them
// make a client fail, or take another identity.
func TestEnvBlocksAreWhole(t *testing.T) {
	t.Parallel()
	whole := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
	blocks := 0
	for _, s := range pipelines(t) {
		for _, steps := range jobs(s.document) {
			for _, step := range steps {
				env, _ := step["env"].(map[string]any)
				mapped := slices.DeleteFunc(slices.Clone(whole), func(name string) bool { return env[name] == nil })
				if len(mapped) == 0 {
					continue
				}
				blocks++
				if len(mapped) != len(whole) {
					t.Errorf("%s maps %v only", s.page, mapped)
				}
			}
		}
	}
	if blocks < 5 {
		t.Errorf("only %d env blocks found", blocks)
	}
}

func exampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "examples/*.yml"))
	if err != nil || len(files) < 5 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	return files
}
