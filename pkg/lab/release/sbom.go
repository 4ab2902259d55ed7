package release

import (
	"encoding/json"
	"fmt"
	"net/url"
)

// The part of CycloneDX 1.6 that is written. There is no serial number and no
// time stamp, so that the same binaries give the same document.
type (
	bom struct {
		Format       string          `json:"bomFormat"`
		Spec         string          `json:"specVersion"`
		Version      int             `json:"version"`
		Metadata     bomMetadata     `json:"metadata"`
		Components   []bomComponent  `json:"components"`
		Dependencies []bomDependency `json:"dependencies"`
	}
	bomMetadata struct {
		Component bomComponent `json:"component"`
	}
	bomComponent struct {
		Ref      string       `json:"bom-ref"`
		Type     string       `json:"type"`
		Name     string       `json:"name"`
		Version  string       `json:"version"`
		PURL     string       `json:"purl"`
		Licenses []bomLicense `json:"licenses,omitempty"`
		Hashes   []bomHash    `json:"hashes,omitempty"`
		Files    []bomFile    `json:"components,omitempty"`
	}
	bomFile struct {
		Type   string    `json:"type"`
		Name   string    `json:"name"`
		Hashes []bomHash `json:"hashes"`
	}
	bomLicense struct {
		License struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	bomHash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	bomDependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn,omitempty"`
	}
)

const modulePath = "github.com/assume-aws-role/assume-aws-role"

// sbom renders the bill of materials of the binaries.
func sbom(modules []module, binaries []entry, version string) ([]byte, error) {
	program := component(module{path: modulePath, version: "v" + version, license: "MIT"})
	program.Type = "application"
	for _, b := range binaries {
		program.Files = append(program.Files, bomFile{"file", b.name, []bomHash{{"SHA-256", Hash(b.content)}}})
	}
	doc := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: bomMetadata{program}}
	needs := bomDependency{Ref: program.Ref}
	for _, m := range modules {
		c := component(m)
		doc.Components = append(doc.Components, c)
		needs.DependsOn = append(needs.DependsOn, c.Ref)
	}
	doc.Dependencies = []bomDependency{needs}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the bill of materials: %w", err)
	}
	return append(out, '\n'), nil
}

func component(m module) bomComponent {
	purl := "pkg:golang/" + m.path + "@" + url.PathEscape(m.version)
	c := bomComponent{Ref: purl, Type: "library", Name: m.path, Version: m.version, PURL: purl}
	c.Licenses = make([]bomLicense, 1)
	c.Licenses[0].License.ID = m.license
	return c
}
