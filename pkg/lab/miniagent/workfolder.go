package miniagent

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// prepare makes the work folder, fills in the variables, registers the secrets that
// come with the job, and installs its tasks.
func (r *runner) prepare() error {
	r.temp, r.sources = filepath.Join(r.job.WorkDir, "_temp"), filepath.Join(r.job.WorkDir, "1", "s")
	_ = os.RemoveAll(r.temp)
	for _, dir := range []string{r.temp, r.sources} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making work folder: %w", err)
		}
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	r.lookup = "vsts_" + hex.EncodeToString(id[:])
	for _, v := range append(r.predefined(), r.job.Variables...) {
		if v.Secret && v.Value != "" {
			r.result.Secrets = append(r.result.Secrets, v.Value)
			r.masker.addInitial(v.Value)
		}
		r.vars.set(v)
	}
	r.expandEndpoints()
	r.maskEndpoints()
	for _, step := range r.job.Steps {
		if err := r.installFor(step); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) installFor(step Step) error {
	if step.Task == "" || r.tasks[step.Task].dir != "" {
		return nil
	}
	task, err := install(r.job.VSIX, r.job.WorkDir, step.Task)
	if err != nil {
		return err
	}
	r.tasks[step.Task] = task
	if r.job.ReadOnlyTask {
		return chmodTree(task.dir, 0o555, 0o444)
	}
	return nil
}

// chmodTree sets the modes of all folders and files, the deepest last.
func chmodTree(root string, folder, file fs.FileMode) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Chmod(p, folder)
		}
		return os.Chmod(p, file)
	})
}

// predefined are the agent's own variables (src/Agent.Worker/JobRunner.cs).
func (r *runner) predefined() []Variable {
	var out []Variable
	for name, value := range map[string]string{
		"Agent.TempDirectory": r.temp, "Agent.WorkFolder": r.job.WorkDir, "Agent.RootDirectory": r.job.WorkDir,
		"System.WorkFolder": r.job.WorkDir, "Agent.HomeDirectory": r.job.WorkDir,
		"Agent.ToolsDirectory": filepath.Join(r.job.WorkDir, "_tool"), "Agent.IsSelfHosted": "1",
		"agent.readOnlyVariables": "true", "Agent.OS": "Linux", "Agent.OSArchitecture": "X64", "Agent.Version": "5.278.0", "Agent.JobName": "Job",
		"System.DefaultWorkingDirectory": r.sources, "System.Culture": "en-US", "Build.SourcesDirectory": r.sources,
		"VSTS_PROCESS_LOOKUP_ID": r.lookup, "GIT_TERMINAL_PROMPT": "0",
	} {
		out = append(out, Variable{Name: name, Value: value, ReadOnly: strings.Contains(name, ".")})
	}
	return out
}

// finish looks for what the job left behind, then ends its processes and empties the
// temporary directory (src/Agent.Worker/TempDirectoryManager.cs).
func (r *runner) finish() {
	_ = filepath.WalkDir(r.temp, func(p string, _ fs.DirEntry, err error) error {
		if err == nil && p != r.temp {
			r.result.Leftovers = append(r.result.Leftovers, p)
		}
		return nil
	})
	r.result.Orphans = orphans(r.lookup)
	for _, pid := range r.result.Orphans {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
	_ = os.RemoveAll(r.temp)
	if r.job.ReadOnlyTask {
		_ = chmodTree(filepath.Join(r.job.WorkDir, "_tasks"), 0o755, 0o644)
	}
	r.result.Variables = map[string]Variable{}
	for _, v := range r.vars.sorted() {
		r.result.Variables[v.Name] = v
	}
}

// orphans are live processes whose initial environment bears the job's mark
// (src/Agent.Worker/JobExtension.cs).
func orphans(lookup string) []int {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	var found []int
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil || !strings.Contains(string(data), "VSTS_PROCESS_LOOKUP_ID="+lookup) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
