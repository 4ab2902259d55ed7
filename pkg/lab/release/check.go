package release

import (
	"archive/zip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Budgets in bytes: of the VSIX, of the task folder as an agent downloads it, and of
// one binary.
const (
	MaxPackage = 20_000_000
	MaxTask    = 18_500_000
	MaxBinary  = 9_000_000
)

// Check verifies a finished VSIX: its sizes, that every part has a content type, the
// launcher's manifest, every binary, and that all places name the same version. It
// reports everything it finds, and writes the sizes to w.
func Check(file string, w io.Writer) error {
	r, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("checking the package: %w", err)
	}
	defer r.Close()
	parts := map[string][]byte{}
	var found []error
	for i, f := range r.File {
		found = append(found, checkEntry(i, f))
		content, err := readPart(f)
		found = append(found, err)
		parts[f.Name] = content
	}
	manifest, err := readManifest(parts)
	if err != nil {
		return errors.Join(append(found, err)...)
	}
	found = append(found, checkSizes(r, parts, file, w), checkTypes(parts, manifest.addressable()), checkBinaries(parts), checkVersions(parts, manifest))
	return errors.Join(found...)
}

func checkEntry(i int, f *zip.File) error {
	executable := strings.HasPrefix(f.Name, "task/bin/"+Name)
	switch {
	case (i == 0) != (f.Name == typesPart):
		return fmt.Errorf("%s is at place %d; the content types come first", f.Name, i)
	case len(f.Extra) > 0 || f.ModifiedDate != dosEpoch || f.ModifiedTime != 0:
		return fmt.Errorf("%s carries a date or extra fields", f.Name)
	case executable != (f.Mode().Perm() == 0o755):
		return fmt.Errorf("%s has mode %v", f.Name, f.Mode())
	}
	return nil
}

// checkSizes prints the sizes and compares them with the budgets.
func checkSizes(r *zip.ReadCloser, parts map[string][]byte, file string, w io.Writer) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("reading sizes: %w", err)
	}
	task := 0
	for _, f := range r.File {
		if strings.HasPrefix(f.Name, "task/") {
			const headers = 30 + 46 // bytes of a file's two headers, without its name
			task += int(f.CompressedSize64) + headers + 2*len(f.Name)
		}
	}
	largest := 0
	for _, p := range Platforms() {
		largest = max(largest, len(parts["task/bin/"+p.File()]))
	}
	var found []error
	for _, s := range []struct {
		what       string
		size, most int
	}{{"the package", int(info.Size()), MaxPackage}, {"the task folder, zipped", task, MaxTask}, {"the largest binary", largest, MaxBinary}} {
		fmt.Fprintf(w, "%-24s %6.2f MB (at most %.1f)\n", s.what, float64(s.size)/1e6, float64(s.most)/1e6)
		if s.size > s.most {
			found = append(found, fmt.Errorf("%s has %d bytes, more than %d", s.what, s.size, s.most))
		}
	}
	return errors.Join(found...)
}

func checkBinaries(parts map[string][]byte) error {
	var listed map[string]LauncherEntry
	if err := json.Unmarshal(parts["task/bin/manifest.json"], &listed); err != nil {
		return fmt.Errorf("reading the launcher's manifest: %w", err)
	}
	var found []error
	for _, p := range Platforms() {
		content := parts["task/bin/"+p.File()]
		if listed[p.Key()] != (LauncherEntry{p.File(), len(content)}) {
			found = append(found, fmt.Errorf("%s does not match the launcher's manifest", p.File()))
			continue
		}
		found = append(found, CheckBinary(p, content))
	}
	return errors.Join(found...)
}

type vsixManifest struct {
	Identity struct {
		ID        string `xml:"Id,attr"`
		Publisher string `xml:",attr"`
		Version   string `xml:",attr"`
	} `xml:"Metadata>Identity"`
	Assets []struct {
		Path        string `xml:",attr"`
		Addressable bool   `xml:",attr"`
	} `xml:"Assets>Asset"`
}

func readManifest(parts map[string][]byte) (vsixManifest, error) {
	var m vsixManifest
	if err := xml.Unmarshal(parts["extension.vsixmanifest"], &m); err != nil {
		return m, fmt.Errorf("reading extension.vsixmanifest: %w", err)
	}
	return m, nil
}

// addressable lists the parts that Azure DevOps serves to browsers.
func (m vsixManifest) addressable() []string {
	var paths []string
	for _, a := range m.Assets {
		if a.Addressable {
			paths = append(paths, a.Path)
		}
	}
	return paths
}

// checkVersions compares the version of the package, of the task and the one stamped
// into each binary.
func checkVersions(parts map[string][]byte, manifest vsixManifest) error {
	var task struct {
		Version struct{ Major, Minor, Patch json.Number } `json:"version"`
	}
	if err := json.Unmarshal(parts["task/task.json"], &task); err != nil {
		return fmt.Errorf("reading task.json: %w", err)
	}
	version, v := manifest.Identity.Version, task.Version
	if t := fmt.Sprintf("%s.%s.%s", v.Major, v.Minor, v.Patch); t != version {
		return fmt.Errorf("the package has version %s, its task %s", version, t)
	}
	for _, p := range Platforms() {
		content := string(parts["task/bin/"+p.File()])
		if stamp := Name + "/" + version; !strings.Contains(content, stamp) {
			return fmt.Errorf("%s does not carry the stamp %s", p.File(), stamp)
		}
		if p.OS == "windows" && !strings.Contains(content, utf16(version+".0")) {
			return fmt.Errorf("the version resource of %s does not say %s.0", p.File(), version)
		}
	}
	return nil
}
