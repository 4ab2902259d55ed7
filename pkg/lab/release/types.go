package release

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"path"
	"slices"
	"strings"
)

// typesPart lists the media type of every part (ECMA-376 part 2, 10.1.2).
const typesPart = "[Content_Types].xml"

const anyBytes = "application/octet-stream"

// contentTypes are those that tfx gave: of extensions, written with a dot, and of
// parts by name where the manifest declares a contentType.
type contentTypes struct {
	XMLName   xml.Name       `xml:"http://schemas.openxmlformats.org/package/2006/content-types Types"`
	Defaults  []typeDefault  `xml:"Default"`
	Overrides []typeOverride `xml:"Override"`
}

type typeDefault struct {
	Extension   string `xml:",attr"`
	ContentType string `xml:",attr"`
}

type typeOverride struct {
	PartName    string `xml:",attr"`
	ContentType string `xml:",attr"`
}

func parseTypes(doc []byte) (contentTypes, error) {
	var t contentTypes
	if err := xml.Unmarshal(doc, &t); err != nil {
		return t, fmt.Errorf("reading the content types: %w", err)
	}
	return t, nil
}

// add registers an extension that tfx has not seen, because only the packed files
// have it.
func (t *contentTypes) add(extension, contentType string) {
	if !slices.ContainsFunc(t.Defaults, func(d typeDefault) bool { return d.Extension == extension }) {
		t.Defaults = append(t.Defaults, typeDefault{extension, contentType})
	}
}

// of returns the content type of a part; empty when there is none, and then the
// Marketplace drops the part without a word.
func (t *contentTypes) of(part string) string {
	for _, o := range t.Overrides {
		if o.PartName == "/"+part {
			return o.ContentType
		}
	}
	for _, d := range t.Defaults {
		if "."+strings.TrimPrefix(d.Extension, ".") == strings.ToLower(path.Ext(part)) {
			return d.ContentType
		}
	}
	return ""
}

// render writes the types in one order: tfx has that in which it read the files.
func (t *contentTypes) render() ([]byte, error) {
	slices.SortFunc(t.Defaults, func(a, b typeDefault) int { return cmp.Compare(a.Extension, b.Extension) })
	slices.SortFunc(t.Overrides, func(a, b typeOverride) int { return cmp.Compare(a.PartName, b.PartName) })
	doc, err := xml.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the content types: %w", err)
	}
	return slices.Concat([]byte(xml.Header), doc, []byte("\n")), nil
}

// checkTypes verifies that every part has a content type, and that those which a
// browser may ask for have one that it can show.
func checkTypes(parts map[string][]byte, addressable []string) error {
	types, err := parseTypes(parts[typesPart])
	if err != nil {
		return err
	}
	for name := range parts {
		if name != typesPart && types.of(name) == "" {
			return fmt.Errorf("%s has no content type", name)
		}
	}
	for _, name := range addressable {
		if types.of(name) == anyBytes {
			return fmt.Errorf("%s is addressable and would be downloaded instead of shown: declare its contentType in vss-extension.json", name)
		}
	}
	return nil
}
