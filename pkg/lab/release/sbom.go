package release

import (
	"bytes"
	"fmt"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

const modulePath = "github.com/assume-aws-role/assume-aws-role"

// sbom renders the bill of materials as CycloneDX. There is no serial number and no
// time stamp, so that the same binaries give the same document.
func sbom(components []Component, binaries []entry, version string) ([]byte, error) {
	program := bomComponent(Component{Name: modulePath, Version: "v" + version, PURL: "pkg:golang/" + modulePath + "@v" + version, License: "MIT"})
	program.Type = cyclonedx.ComponentTypeApplication
	var files []cyclonedx.Component
	for _, b := range binaries {
		hashes := []cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: Hash(b.content)}}
		files = append(files, cyclonedx.Component{Type: cyclonedx.ComponentTypeFile, Name: b.name, Hashes: &hashes})
	}
	program.Components = &files
	doc := cyclonedx.NewBOM()
	doc.Metadata = &cyclonedx.Metadata{Component: &program}
	var list []cyclonedx.Component
	var needs []string
	for _, c := range components {
		list = append(list, bomComponent(c))
		needs = append(needs, c.PURL)
	}
	doc.Components = &list
	doc.Dependencies = &[]cyclonedx.Dependency{{Ref: program.BOMRef, Dependencies: &needs}}
	var b bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(doc, cyclonedx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("writing the bill of materials: %w", err)
	}
	return b.Bytes(), nil
}

func bomComponent(c Component) cyclonedx.Component {
	license := cyclonedx.LicenseChoice{License: &cyclonedx.License{ID: c.License}}
	if strings.Contains(c.License, " ") {
		license = cyclonedx.LicenseChoice{Expression: c.License}
	}
	return cyclonedx.Component{
		BOMRef: c.PURL, Type: cyclonedx.ComponentTypeLibrary, Name: c.Name, Version: c.Version, PackageURL: c.PURL,
		Licenses: &cyclonedx.Licenses{license},
	}
}
