package miniagent

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// manifest is the part of task.json that the agent reads.
type manifest struct {
	ID, Name, FriendlyName, Description, Author, HelpMarkDown string
	Version                                                   struct{ Major, Minor, Patch int }
	Inputs                                                    []struct{ Name, Type, DefaultValue string }
	Execution, PostJobExecution                               map[string]struct{ Target string }
	OutputVariables                                           []struct{ Name string }
	Restrictions                                              struct {
		Commands          struct{ Mode string }
		SettableVariables *struct{ Allowed []string }
	}
}

// installed is a task in the agent's task folder.
type installed struct {
	manifest
	dir string
}

var errNoTask = errors.New("the package has no such task")

// install extracts the task from the package without Unix modes, as the rebuilt
// zip of the server has none. A marker beside the folder says that it is complete;
// later jobs use it as it is (src/Agent.Worker/TaskManager.cs).
func install(vsix, workDir, name string) (installed, error) {
	r, err := zip.OpenReader(vsix)
	if err != nil {
		return installed{}, fmt.Errorf("opening package: %w", err)
	}
	defer func() { _ = r.Close() }()
	folder, m, err := findTask(&r.Reader, name)
	if err != nil {
		return installed{}, err
	}
	task := installed{m, filepath.Join(workDir, "_tasks", m.Name+"_"+m.ID, m.version())}
	if _, err := os.Stat(task.dir + ".completed"); err == nil {
		return task, nil
	}
	for _, f := range r.File {
		rel, ok := strings.CutPrefix(f.Name, folder+"/")
		if !ok || strings.HasSuffix(rel, "/") || !filepath.IsLocal(rel) {
			continue
		}
		if err := extractFile(f, filepath.Join(task.dir, filepath.FromSlash(rel))); err != nil {
			return installed{}, fmt.Errorf("extracting %s: %w", f.Name, err)
		}
	}
	return task, os.WriteFile(task.dir+".completed", nil, 0o644)
}

func (m manifest) version() string {
	return fmt.Sprintf("%d.%d.%d", m.Version.Major, m.Version.Minor, m.Version.Patch)
}

func findTask(r *zip.Reader, name string) (string, manifest, error) {
	for _, f := range r.File {
		if path.Base(f.Name) != "task.json" {
			continue
		}
		data, err := readFile(f)
		if err != nil {
			return "", manifest{}, err
		}
		var m manifest
		if json.Unmarshal(data, &m) == nil && strings.EqualFold(m.Name, name) {
			return path.Dir(f.Name), m, nil
		}
	}
	return "", manifest{}, fmt.Errorf("%w: %s", errNoTask, name)
}

func readFile(f *zip.File) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", f.Name, err)
	}
	defer func() { _ = in.Close() }()
	return io.ReadAll(in)
}

func extractFile(f *zip.File, to string) error {
	data, err := readFile(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// handlers are the keys that this agent knows, best first. Node24 runs on the node
// that the job names, too (src/Agent.Worker/Handlers/NodeHandler.cs).
var handlers = []string{"Node24", "Node20_1", "Node16"}

func target(execution map[string]struct{ Target string }) string {
	for _, h := range handlers {
		if e, ok := execution[h]; ok {
			return e.Target
		}
	}
	return ""
}
