package release

import (
	"encoding/xml"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Flags returns the flags of Stage with which a finished package was made, so
// that it can be made again from the checkout at root.
func Flags(root, file string) ([]string, error) {
	parts, err := readParts(file)
	if err != nil {
		return nil, err
	}
	var manifest vsixManifest
	if err := xml.Unmarshal(content(parts, "extension.vsixmanifest"), &manifest); err != nil {
		return nil, fmt.Errorf("reading extension.vsixmanifest: %w", err)
	}
	packed, err := parseTree(content(parts, "task/task.json"))
	if err != nil {
		return nil, fmt.Errorf("task/task.json: %w", err)
	}
	original, err := readTree(filepath.Join(root, "task", "task.json"))
	if err != nil {
		return nil, err
	}
	id := manifest.Identity
	flags := []string{"--publisher", id.Publisher, "--version", id.Version}
	if strings.HasSuffix(id.ID, "-"+devSuffix) {
		flags = append(flags, "--dev")
	}
	if missing := missingChoices(original, packed); len(missing) > 0 {
		flags = append(flags, "--without", strings.Join(missing, ","))
	}
	return flags, checkWords(flags)
}

// checkWords refuses what a shell would not read as one word.
func checkWords(flags []string) error {
	for _, f := range flags {
		if f == "" || strings.ContainsAny(f, " \t\r\n*?[") {
			return fmt.Errorf("the package names %q, which no build gives", f)
		}
	}
	return nil
}

func missingChoices(original, packed *object) []string {
	options, _ := findInput(original, "connectionType").get("options").(*object)
	if options == nil {
		return nil
	}
	var missing []string
	for _, m := range options.members {
		if findInput(packed, "connectionType").get("options", m.key) == nil {
			missing = append(missing, m.key)
		}
	}
	return missing
}

func content(parts []entry, name string) []byte {
	if i := slices.IndexFunc(parts, func(e entry) bool { return e.name == name }); i >= 0 {
		return parts[i].content
	}
	return nil
}
