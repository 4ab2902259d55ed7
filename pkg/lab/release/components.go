package release

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
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
	Name, Version string
	// PURL identifies it (https://github.com/package-url/purl-spec).
	PURL string
	// License is an SPDX expression, and Texts are the files it was found in.
	License string
	Texts   []string
}

// ReadComponents lists what the binaries in binDir hold, as they say themselves, with
// the licences found in the module cache, and the packages of npm in nodeModules whose
// code is part of the set-up page. The page's module holds no Go code but that of the
// binaries. It reads package.json in the working directory.
//
// The usual tools do not do: cyclonedx-gomod writes the checksum of its own executable
// into the document, which differs from machine to machine, and finds no licence for
// the standard library; go-licenses asks a server for each module.
func ReadComponents(binDir, nodeModules string) ([]Component, error) {
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
		} else if dir, bad := c.moduleDirectory(cache); bad != nil {
			err = bad
		} else {
			err = c.readLicenses(dir)
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
	page, err := pageComponents(nodeModules)
	return append(components, page...), err
}

// npmPackage is the part of a package.json that matters here.
type npmPackage struct {
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	License      string            `json:"license"`
	Dependencies map[string]string `json:"dependencies"`
}

// pageComponents reads the packages of npm whose code is part of the set-up page: the
// dependencies of package.json, and what those need themselves.
func pageComponents(nodeModules string) ([]Component, error) {
	var components []Component
	queue := []string{"package.json"}
	for len(queue) > 0 {
		file := queue[0]
		queue = queue[1:]
		doc, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the packages of the set-up page: %w", err)
		}
		var p npmPackage
		if err := json.Unmarshal(doc, &p); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		if file != "package.json" {
			c := Component{Name: p.Name, Version: p.Version, PURL: "pkg:npm/" + strings.Replace(p.Name, "@", "%40", 1) + "@" + p.Version}
			if err := c.readLicenses(filepath.Dir(file)); err != nil {
				return nil, err
			}
			if c.License != p.License {
				return nil, fmt.Errorf("%s says its licence is %q, its files say %q; look at it", c.PURL, p.License, c.License)
			}
			components = append(components, c)
		}
		for _, name := range slices.Sorted(maps.Keys(p.Dependencies)) {
			queue = append(queue, filepath.Join(nodeModules, filepath.FromSlash(name), "package.json"))
		}
	}
	return components, nil
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

// moduleDirectory is where the module cache has a module.
func (c *Component) moduleDirectory(cache string) (string, error) {
	path, err := module.EscapePath(c.Name)
	if err != nil {
		return "", fmt.Errorf("looking for the licence of %s: %w", c.PURL, err)
	}
	version, err := module.EscapeVersion(c.Version)
	if err != nil {
		return "", fmt.Errorf("looking for the licence of %s: %w", c.PURL, err)
	}
	return filepath.Join(cache, filepath.FromSlash(path)+"@"+version), nil
}

// readLicenses collects the licence and notice files in dir, also of code that was
// taken over from others into a folder below.
func (c *Component) readLicenses(dir string) error {
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
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
