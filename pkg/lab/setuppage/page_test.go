package setuppage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pictures is where go test puts the pictures of the documentation:
// go test ./pkg/lab/setuppage -args -pictures ../../../docs/pictures.
var pictures = flag.String("pictures", "", "directory for the pictures of docs/setup-page.md")

// configuration is what testdata/browser.mjs is told.
type configuration struct {
	// Modules is a node_modules directory, Chromium the browser's program.
	Modules  string `json:"modules"`
	Chromium string `json:"chromium"`
	// Host and Content are the origins of the two sites, Hub the last part of the page's
	// address.
	Host    string `json:"host"`
	Content string `json:"content"`
	Hub     string `json:"hub"`
	// Pictures is a directory; empty makes none.
	Pictures string `json:"pictures"`
	expected
}

// step is what became of one step.
type step struct {
	Name  string          `json:"name"`
	Error string          `json:"error"`
	Seen  json.RawMessage `json:"seen"`
	// Milliseconds are how long it took.
	Milliseconds int `json:"milliseconds"`
}

// program finds a program in PATH, or skips the test by name.
func program(t *testing.T, help string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	need(t, names[0], help)
	return ""
}

// modules finds what package-lock.json pins.
func modules(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("AAR_NODE_MODULES"), "../../../node_modules"} {
		if _, err := os.Stat(filepath.Join(dir, "playwright-core")); dir != "" && err == nil {
			return dir
		}
	}
	need(t, "playwright-core", "npm ci, or ./build.sh test")
	return ""
}

// TestPage plays every step in the browser.
func TestPage(t *testing.T) {
	t.Parallel()
	e := readExtension(t)
	node := program(t, "see https://nodejs.org/en/download", "node")
	w := newWorld(t, e)
	config, err := json.Marshal(configuration{
		Modules: modules(t), Chromium: program(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome"),
		Host: w.host, Content: w.content, Hub: e.id + "." + e.hub.ID, Pictures: *pictures,
		expected: expect(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	browser := exec.CommandContext(t.Context(), node, "testdata/browser.mjs")
	browser.Stdin = bytes.NewReader(config)
	var stderr bytes.Buffer
	browser.Stderr = &stderr
	out, err := browser.Output()
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var s step
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Errorf("not a step: %s", lines.Text())
			continue
		}
		t.Run(strings.ReplaceAll(s.Name, "/", " per "), func(t *testing.T) {
			if s.Error != "" {
				t.Error(s.Error)
			}
			t.Logf("%d ms %s", s.Milliseconds, s.Seen)
		})
	}
	if err != nil {
		t.Errorf("the browser's script failed: %v\n%s", err, stderr.String())
	}
}
