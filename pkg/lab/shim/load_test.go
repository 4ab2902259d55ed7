package shim

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
)

// watchLoading makes Node write what a script loads, in order, when it ends.
const watchLoading = `
const Module = require('module');
const {writeFileSync} = require('fs');
const loaded = [], load = Module._load;
Module._load = function (name, ...rest) { loaded.push(name); return load.call(this, name, ...rest); };
process.on('exit', () => writeFileSync(process.env.LOADED, JSON.stringify(loaded)));
`

// TestLoadsNothingThatTheUsualPathDoesNotNeed lists what the launcher loads of Node: every
// step waits for it. Modules of child_process alone take 2 ms, crypto would take more.
func TestLoadsNothingThatTheUsualPathDoesNotNeed(t *testing.T) {
	t.Parallel()
	for script, want := range map[string][]string{
		"index.js": {"index.js", "fs", "path", "child_process"},
		"post.js":  {"post.js"},
	} {
		tr := newTree(t, "task")
		list := filepath.Join(tr.temp, "loaded")
		c := tr.command(t, script, "LOADED="+list)
		preload(t, c, watchLoading)
		run(t, c)
		var loaded []string
		if err := json.Unmarshal(read(t, list), &loaded); err != nil {
			t.Fatal(err)
		}
		loaded[0] = filepath.Base(loaded[0])
		if !slices.Equal(loaded, want) {
			t.Errorf("%s loads %v, want %v", script, loaded, want)
		}
	}
}
