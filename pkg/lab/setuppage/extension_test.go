package setuppage

import (
	"archive/zip"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path"
	"strings"
	"testing"
)

// extension is what a packed extension says of itself, and its parts.
type extension struct {
	// id is publisher and extension id, as the address of a hub has them.
	id    string
	parts map[string][]byte
	// addressable are the parts that the Marketplace serves, by the type that the
	// package gives them.
	addressable map[string]string
	hub         hub
}

// hub is the contribution that shows the page.
type hub struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Targets    []string `json:"targets"`
	Properties struct {
		Name string `json:"name"`
		URI  string `json:"uri"`
	} `json:"properties"`
}

// need skips a test by name, or fails it in CI.
func need(t *testing.T, name, help string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing: %s (%s)", name, help)
	}
	t.Skipf("missing: %s (%s)", name, help)
}

func readExtension(t *testing.T) extension {
	t.Helper()
	file := os.Getenv("AAR_VSIX")
	if file == "" {
		need(t, "packed extension", "./build.sh test names it in AAR_VSIX")
	}
	e := extension{parts: parts(t, file), addressable: map[string]string{}}
	e.readManifest(t)
	e.readContributions(t)
	return e
}

func parts(t *testing.T, file string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	found := map[string][]byte{}
	for _, f := range archive.File {
		if strings.HasPrefix(f.Name, "task/bin/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if found[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func (e *extension) readManifest(t *testing.T) {
	t.Helper()
	var manifest struct {
		Identity struct {
			ID        string `xml:"Id,attr"`
			Publisher string `xml:",attr"`
		} `xml:"Metadata>Identity"`
		Assets []struct {
			Path        string `xml:",attr"`
			Addressable bool   `xml:",attr"`
		} `xml:"Assets>Asset"`
	}
	if err := xml.Unmarshal(e.parts["extension.vsixmanifest"], &manifest); err != nil {
		t.Fatal(err)
	}
	e.id = manifest.Identity.Publisher + "." + manifest.Identity.ID
	types := e.contentTypes(t)
	for _, asset := range manifest.Assets {
		name := strings.TrimPrefix(asset.Path, "/")
		if asset.Addressable {
			e.addressable[name] = types(name)
		}
	}
}

// contentTypes looks a part up as the Open Packaging Conventions say: an override by its
// name, else the default of its extension.
func (e *extension) contentTypes(t *testing.T) func(string) string {
	t.Helper()
	var types struct {
		Defaults []struct {
			Extension   string `xml:",attr"`
			ContentType string `xml:",attr"`
		} `xml:"Default"`
		Overrides []struct {
			PartName    string `xml:",attr"`
			ContentType string `xml:",attr"`
		} `xml:"Override"`
	}
	if err := xml.Unmarshal(e.parts["[Content_Types].xml"], &types); err != nil {
		t.Fatal(err)
	}
	return func(name string) string {
		for _, o := range types.Overrides {
			if strings.EqualFold(o.PartName, "/"+name) {
				return o.ContentType
			}
		}
		for _, d := range types.Defaults {
			if strings.EqualFold("."+strings.TrimPrefix(d.Extension, "."), path.Ext(name)) {
				return d.ContentType
			}
		}
		return ""
	}
}

func (e *extension) readContributions(t *testing.T) {
	t.Helper()
	var manifest struct{ Contributions []json.RawMessage }
	if err := json.Unmarshal(e.parts["extension.vsomanifest"], &manifest); err != nil {
		t.Fatal(err)
	}
	for _, raw := range manifest.Contributions {
		var c hub
		if json.Unmarshal(raw, &c) == nil && c.Type == "ms.vss-web.hub" {
			e.hub = c
		}
	}
	if e.hub.ID == "" {
		t.Fatal("the extension has no hub")
	}
}

// TestHubIsServed holds the package to what Azure DevOps needs to show the page.
func TestHubIsServed(t *testing.T) {
	t.Parallel()
	e := readExtension(t)
	if got := e.addressable[e.hub.Properties.URI]; got != "text/html" {
		t.Errorf("%s is served as %q, want text/html", e.hub.Properties.URI, got)
	}
	const budget = 1_800_000
	size := 0
	for name, kind := range e.addressable {
		if !strings.HasPrefix(name, "setup/") {
			continue
		}
		size += len(e.parts[name])
		want := map[string]string{".html": "text/html", ".css": "text/css", ".js": "application/javascript"}[path.Ext(name)]
		if kind != want {
			t.Errorf("%s is served as %q, want %q", name, kind, want)
		}
	}
	if size > budget {
		t.Errorf("the page has %d bytes, more than %d", size, budget)
	}
}
