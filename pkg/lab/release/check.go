package release

import (
	"archive/zip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

// Budgets in bytes: of the package, of the task as an archive, which agents download, and
// of each binary.
const (
	MaxPackage = 20_000_000
	MaxTask    = 18_500_000
	MaxBinary  = 9_000_000
)

// Check verifies a finished VSIX: its size, that every part has a content type,
// the launcher's manifest, every binary, and that all places name the same version. It
// reports everything it finds.
func Check(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("checking the package: %w", err)
	}
	r, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("checking the package: %w", err)
	}
	defer r.Close()
	parts := map[string][]byte{}
	var found []error
	if info.Size() > MaxPackage {
		found = append(found, fmt.Errorf("the package has %d bytes, more than %d", info.Size(), MaxPackage))
	}
	for i, f := range r.File {
		found = append(found, checkEntry(i, f))
		content, err := readPart(f)
		found = append(found, err)
		parts[f.Name] = content
	}
	found = append(found, checkContentTypes(parts), checkBinaries(parts), checkPackedVersions(parts))
	return errors.Join(found...)
}

func checkEntry(i int, f *zip.File) error {
	executable := strings.HasPrefix(f.Name, "task/bin/"+Name)
	switch {
	case (i == 0) != (f.Name == contentTypesPart):
		return fmt.Errorf("%s is at place %d; the content types come first", f.Name, i)
	case len(f.Extra) > 0 || f.ModifiedDate != dosEpoch || f.ModifiedTime != 0:
		return fmt.Errorf("%s carries a date or extra fields", f.Name)
	case executable != (f.Mode().Perm() == 0o755):
		return fmt.Errorf("%s has mode %v", f.Name, f.Mode())
	}
	return nil
}

type typesDocument struct {
	Defaults []struct {
		Extension string `xml:",attr"`
	} `xml:"Default"`
	Overrides []struct {
		PartName string `xml:",attr"`
	} `xml:"Override"`
}

// checkContentTypes verifies that each part is registered: the Marketplace drops
// the others without a word.
func checkContentTypes(parts map[string][]byte) error {
	var types typesDocument
	if err := xml.Unmarshal(parts[contentTypesPart], &types); err != nil {
		return fmt.Errorf("reading the content types: %w", err)
	}
	registered := map[string]bool{}
	for _, d := range types.Defaults {
		registered["."+strings.TrimPrefix(d.Extension, ".")] = true
	}
	for _, o := range types.Overrides {
		registered[strings.TrimPrefix(o.PartName, "/")] = true
	}
	for name := range parts {
		if name != contentTypesPart && !registered[name] && !registered[strings.ToLower(path.Ext(name))] {
			return fmt.Errorf("%s has no content type", name)
		}
	}
	return nil
}

func checkBinaries(parts map[string][]byte) error {
	var listed map[string]LauncherEntry
	if err := json.Unmarshal(parts["task/bin/manifest.json"], &listed); err != nil {
		return fmt.Errorf("reading the launcher's manifest: %w", err)
	}
	var found []error
	for _, p := range Platforms() {
		content := parts["task/bin/"+p.File()]
		switch {
		case listed[p.Key()] != LauncherEntry{p.File(), len(content)}:
			found = append(found, fmt.Errorf("%s does not match the launcher's manifest", p.File()))
		case len(content) > MaxBinary:
			found = append(found, fmt.Errorf("%s has %d bytes, more than %d", p.File(), len(content), MaxBinary))
		default:
			found = append(found, CheckBinary(p, content))
		}
	}
	return errors.Join(found...)
}

type vsixManifest struct {
	Identity struct {
		ID        string `xml:"Id,attr"`
		Publisher string `xml:",attr"`
		Version   string `xml:",attr"`
	} `xml:"Metadata>Identity"`
}

// checkPackedVersions compares the version of the package, of the task and the
// one stamped into each binary.
func checkPackedVersions(parts map[string][]byte) error {
	var manifest vsixManifest
	if err := xml.Unmarshal(parts["extension.vsixmanifest"], &manifest); err != nil {
		return fmt.Errorf("reading extension.vsixmanifest: %w", err)
	}
	task, err := parseTree(parts["task/task.json"])
	if err != nil {
		return fmt.Errorf("task/task.json: %w", err)
	}
	version := manifest.Identity.Version
	if t := taskVersion(task); t != version {
		return fmt.Errorf("the package has version %s, its task %s", version, t)
	}
	for _, p := range Platforms() {
		if stamp := "assume-aws-role/" + version; !strings.Contains(string(parts["task/bin/"+p.File()]), stamp) {
			return fmt.Errorf("%s does not carry the stamp %s", p.File(), stamp)
		}
	}
	return nil
}
