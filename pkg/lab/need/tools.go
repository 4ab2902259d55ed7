package need

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// NodeVersions are the versions of Node beside the installed one on which the task
// is tested: the oldest and the newest that an agent may choose.
var NodeVersions = []string{"16.20.2", "24.18.1"}

// Node returns Node of the given version for this machine, from its npm package, which
// holds the program.
func Node(t *testing.T, version string) string {
	t.Helper()
	npm := Program(t, "npm", "see https://nodejs.org/en/download")
	system := map[string]string{"windows": "win"}[runtime.GOOS]
	if system == "" {
		system = runtime.GOOS
	}
	arch := strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	name := "node-" + system + "-" + arch
	file := "node_modules/" + name + "/bin/node"
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	return tool(t, "node-"+version, file, "npm package "+name+"@"+version, func(dir string) error {
		_, err := run(dir, nil, npm, "install", "--prefix", ".", "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", name+"@"+version)
		return err
	})
}

// openTofu is the version that the tests of state files use.
const openTofu = "github.com/opentofu/opentofu@v1.12.6"

// OpenTofu returns OpenTofu, built where the module cache holds it, because go install
// refuses a module with replace directives. Building takes minutes, once.
func OpenTofu(t *testing.T) string {
	t.Helper()
	_, version, _ := strings.Cut(openTofu, "@")
	return tool(t, "tofu-"+version, "tofu", "module "+openTofu, func(dir string) error {
		out, err := run(dir, []string{"GOFLAGS="}, "go", "mod", "download", "-json", openTofu)
		if err != nil {
			return err
		}
		var module struct{ Dir string }
		if err := json.Unmarshal(out, &module); err != nil {
			return err
		}
		_, err = run(module.Dir, nil, "go", "build", "-trimpath", "-o", filepath.Join(dir, "tofu"), "./cmd/tofu")
		return err
	})
}
