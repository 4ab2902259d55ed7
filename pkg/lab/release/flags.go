package release

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// flagPattern is what cmd/release/stage.mjs writes into build.json.
var flagPattern = regexp.MustCompile(`^--(dev|(publisher|version|without)=[A-Za-z0-9][A-Za-z0-9._,-]*)$`)

// Flags returns the flags of ./build.sh package with which a finished package was
// made, as its build.json notes them.
func Flags(file string) ([]string, error) {
	parts, err := readZip(file)
	if err != nil {
		return nil, err
	}
	var note struct {
		Flags []string `json:"flags"`
	}
	if err := json.Unmarshal(contentOf(parts, "build.json"), &note); err != nil {
		return nil, fmt.Errorf("reading build.json of the package: %w", err)
	}
	for _, f := range note.Flags {
		if !flagPattern.MatchString(f) {
			return nil, fmt.Errorf("build.json of the package holds %q, which is not a flag of ./build.sh package", f)
		}
	}
	return note.Flags, nil
}
