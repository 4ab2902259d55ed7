package release

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
	"golang.org/x/mod/module"
)

// Component is third-party software in the package.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// PURL identifies it (https://github.com/package-url/purl-spec).
	PURL string `json:"purl"`
	// License is an SPDX expression, and Texts are the files it was found in.
	License string   `json:"license"`
	Texts   []string `json:"texts"`
}

// ReadComponents lists what the binaries in binDir hold, as they say themselves, with
// the licences found in the module cache, and then the components in the JSON array of
// the file packages, which the build of the set-up page writes; empty: none.
//
// The usual tools do not do: cyclonedx-gomod writes the checksum of its own executable
// into the document, which differs from machine to machine, and finds no licence for
// the standard library; go-licenses asks a server for each module.
func ReadComponents(binDir, packages string) ([]Component, error) {
	versions, err := linkedModules(binDir)
	if err != nil {
		return nil, err
	}
	cache, root, err := goDirectories()
	if err != nil {
		return nil, err
	}
	var components []Component
	for path, version := range versions {
		c := Component{Name: path, Version: version, PURL: "pkg:golang/" + path + "@" + version}
		if path == "std" {
			err = c.readLicense(filepath.Join(root, "LICENSE"))
		} else {
			err = c.readLicenses(cache)
		}
		if err == nil && c.License == "" {
			err = fmt.Errorf("%s has no licence that is recognised; look at it", c.PURL)
		}
		if err != nil {
			return nil, err
		}
		components = append(components, c)
	}
	slices.SortFunc(components, func(a, b Component) int { return strings.Compare(a.PURL, b.PURL) })
	if packages == "" {
		return components, nil
	}
	doc, err := os.ReadFile(packages)
	if err != nil {
		return nil, fmt.Errorf("reading the packages of the set-up page: %w", err)
	}
	var more []Component
	if err := json.Unmarshal(doc, &more); err != nil {
		return nil, fmt.Errorf("reading the packages of the set-up page: %w", err)
	}
	return append(components, more...), nil
}

var plainGo = regexp.MustCompile(`^go([0-9]+\.[0-9]+(\.[0-9]+)?)$`)

// linkedModules reads the modules of all binaries and their versions; the standard
// library is "std".
func linkedModules(binDir string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(binDir, Name+"-*"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no binaries in %s: %w", binDir, err)
	}
	versions := map[string]string{}
	for _, file := range files {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the modules of %s: %w", file, err)
		}
		v := plainGo.FindStringSubmatch(info.GoVersion)
		if v == nil {
			return nil, fmt.Errorf("%s was built by %s, not by a plain release of Go", file, info.GoVersion)
		}
		versions["std"] = v[1]
		for _, d := range info.Deps {
			versions[d.Path] = d.Version
		}
	}
	return versions, nil
}

func goDirectories() (cache, root string, err error) {
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOROOT").Output()
	if err != nil {
		return "", "", fmt.Errorf("asking go for its directories: %w", err)
	}
	lines := strings.Split(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n")
	return lines[0], lines[1], nil
}

// licenseFile is how the files are called that come with a module for its users.
var licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)(\.(md|txt))?$`)

// readLicenses collects the licence and notice files of a module, also of code that it
// has taken over from others into a folder below.
func (c *Component) readLicenses(cache string) error {
	path, err := module.EscapePath(c.Name)
	if err != nil {
		return fmt.Errorf("looking for the licence of %s: %w", c.PURL, err)
	}
	version, err := module.EscapeVersion(c.Version)
	if err != nil {
		return fmt.Errorf("looking for the licence of %s: %w", c.PURL, err)
	}
	return filepath.WalkDir(filepath.Join(cache, filepath.FromSlash(path)+"@"+version), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !licenseFile.MatchString(d.Name()) {
			return err
		}
		return c.readLicense(file)
	})
}

// readLicense adds a file. A notice or a grant of patents comes with a licence and is
// none.
func (c *Component) readLicense(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the licence of %s: %w", c.PURL, err)
	}
	text := strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n"))
	if !slices.Contains(c.Texts, text) {
		c.Texts = append(c.Texts, text)
	}
	found := licensecheck.Scan(content)
	if found.Percent < 75 || strings.HasPrefix(strings.ToUpper(filepath.Base(file)), "PATENTS") {
		return nil
	}
	ids := strings.Split(c.License, " AND ")
	for _, m := range found.Match {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	c.License = strings.TrimPrefix(strings.Join(slices.Compact(ids), " AND "), " AND ")
	return nil
}

func (c *Component) title() string {
	if c.Name == "std" {
		return "Go standard library and runtime"
	}
	return c.Name
}

// notices renders the licences of all components.
func notices(components []Component) []byte {
	var b strings.Builder
	b.WriteString("The extension contains the following third-party software.\n")
	rule := strings.Repeat("=", 80)
	for _, c := range components {
		fmt.Fprintf(&b, "\n%s\n%s %s\nLicence: %s\n%s\n\n", rule, c.title(), c.Version, c.License, rule)
		for _, text := range c.Texts {
			b.WriteString(text + "\n\n")
		}
	}
	return []byte(b.String())
}
