package release

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Pack turns the VSIX that tfx made into the canonical one: with the binaries of
// binDir, the launcher's manifest and the notices added below task/, sorted, with one
// fixed date and the execute bits of the binaries set. The same inputs give the same
// bytes everywhere. deflated is the folder that cmd/release/deflate.mjs has filled;
// empty: the binaries are compressed here, into 2.4 % more.
func Pack(tfxFile, binDir, deflated, nodeModules, out string) error {
	parts, err := readZip(tfxFile)
	if err != nil {
		return err
	}
	types, err := parseTypes(contentOf(parts, typesPart))
	if err != nil {
		return err
	}
	added, err := addedParts(binDir, deflated, nodeModules)
	if err != nil {
		return err
	}
	types.add(".bin", anyBytes)
	types.add(".exe", anyBytes)
	types.add(".txt", "text/plain")
	typesDoc, err := types.render()
	if err != nil {
		return err
	}
	parts = append(slices.DeleteFunc(parts, func(e entry) bool { return e.name == typesPart }), added...)
	for i := range parts {
		if !strings.HasPrefix(parts[i].name, "task/bin/"+Name) {
			parts[i].mode = 0o644
		}
	}
	if err := checkNames(parts); err != nil {
		return err
	}
	slices.SortFunc(parts, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	parts = slices.Insert(parts, 0, entry{name: typesPart, content: typesDoc, mode: 0o644})
	return writeFile(out, func(w io.Writer) error { return writeZip(w, parts) })
}

func contentOf(parts []entry, name string) []byte {
	if i := slices.IndexFunc(parts, func(e entry) bool { return e.name == name }); i >= 0 {
		return parts[i].content
	}
	return nil
}

func addedParts(binDir, deflated, nodeModules string) ([]entry, error) {
	components, err := ReadComponents(binDir, nodeModules)
	if err != nil {
		return nil, err
	}
	parts := []entry{{name: "task/THIRD-PARTY-NOTICES.txt", content: notices(components), mode: 0o644}}
	binaries, err := readBinaries(binDir)
	if err != nil {
		return nil, err
	}
	for p, content := range binaries {
		e := entry{name: "task/bin/" + p.File(), content: content, mode: 0o755}
		if deflated != "" {
			if e.deflated, err = os.ReadFile(filepath.Join(deflated, p.File())); err != nil {
				return nil, fmt.Errorf("reading a compressed binary: %w", err)
			}
		}
		parts = append(parts, e)
	}
	manifest, err := launcherManifest(binaries)
	return append(parts, entry{name: "task/bin/manifest.json", content: manifest, mode: 0o644}), err
}

// readBinaries reads what has been built: all platforms, or only some in a package
// that is not published.
func readBinaries(dir string) (map[Platform][]byte, error) {
	binaries := map[Platform][]byte{}
	for _, p := range Platforms() {
		content, err := os.ReadFile(filepath.Join(dir, p.File()))
		if err == nil {
			binaries[p] = content
		} else if !os.IsNotExist(err) {
			return nil, fmt.Errorf("reading a binary: %w", err)
		}
	}
	return binaries, nil
}

// checkNames refuses what the packaging conventions forbid and tfx lets pass.
func checkNames(parts []entry) error {
	seen := map[string]bool{}
	for _, p := range parts {
		if strings.ContainsAny(p.name, ` #^[]<>?\`) || strings.Contains(p.name, "_rels/") || !fs.ValidPath(p.name) {
			return fmt.Errorf("the part name %q is not allowed in a package", p.name)
		}
		key := strings.ToLower(p.name)
		if seen[key] {
			return fmt.Errorf("the part %q occurs twice", p.name)
		}
		seen[key] = true
	}
	return nil
}
