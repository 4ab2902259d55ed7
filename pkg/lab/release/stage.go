// Package release owns how the extension is packaged: the staged manifests, the
// canonical VSIX, the archives, the bill of materials, the notices and the checks
// of the result. It is used by cmd/release only and never shipped.
package release

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// devSuffix marks everything that must differ in a build that is installed beside
// the published extension.
const devSuffix = "dev"

// endpointPrefix starts the type of an input that takes a service connection.
const endpointPrefix = "connectedService:"

// Options say how a package differs from what the tracked files describe.
type Options struct {
	// Root is the checkout.
	Root string
	// Out is the directory to fill; it must not exist.
	Out string
	// Page is the directory of the built set-up page.
	Page string
	// Publisher and Version replace those of vss-extension.json; empty keeps them.
	Publisher, Version string
	// Dev makes a build with other ids and names, so that it can be installed
	// beside the published one: Azure DevOps wants extension ids, endpoint names
	// and task ids to be unique.
	Dev bool
	// Without lists values of the input connectionType to leave out, with their
	// connection inputs.
	Without []string
}

// Identity names a package.
type Identity struct {
	// Publisher and Extension are the two halves of the id in the Marketplace.
	Publisher, Extension string
	// Version is three numbers joined by dots.
	Version string
}

var versionPattern = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)

// publisherPattern keeps a publisher from being read as a path or as two words.
var publisherPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Stage copies what tfx needs into Out, with the options applied, and returns the
// identity of the package. It never changes a tracked file. It fails when
// vss-extension.json and task.json name different versions.
func Stage(o Options) (Identity, error) {
	extension, err := readTree(filepath.Join(o.Root, "vss-extension.json"))
	if err != nil {
		return Identity{}, err
	}
	task, err := readTree(filepath.Join(o.Root, "task", "task.json"))
	if err != nil {
		return Identity{}, err
	}
	if err := checkVersions(extension, task); err != nil {
		return Identity{}, err
	}
	if err := apply(o, extension, task); err != nil {
		return Identity{}, err
	}
	if err := stageFiles(o, extension, task); err != nil {
		return Identity{}, err
	}
	return Identity{extension.text("publisher"), extension.text("id"), extension.text("version")}, nil
}

func readTree(file string) (*object, error) {
	doc, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	o, err := parseTree(doc)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return o, nil
}

func checkVersions(extension, task *object) error {
	version := extension.text("version")
	if !versionPattern.MatchString(version) {
		return fmt.Errorf("the version %q of vss-extension.json is not three numbers joined by dots", version)
	}
	if t := taskVersion(task); t != version {
		return fmt.Errorf("task.json has version %s, vss-extension.json has %s; make them equal", t, version)
	}
	return nil
}

func taskVersion(task *object) string {
	v := task.get
	return fmt.Sprintf("%v.%v.%v", v("version", "Major"), v("version", "Minor"), v("version", "Patch"))
}

func apply(o Options, extension, task *object) error {
	if o.Publisher != "" {
		if !publisherPattern.MatchString(o.Publisher) {
			return fmt.Errorf("the publisher %q is no id of the Marketplace: letters, digits, dots, hyphens and underscores", o.Publisher)
		}
		extension.set("publisher", o.Publisher)
	}
	if o.Version != "" {
		if err := setVersion(o.Version, extension, task); err != nil {
			return err
		}
	}
	for _, choice := range o.Without {
		if err := leaveOut(choice, task); err != nil {
			return err
		}
	}
	if o.Dev {
		makeDev(extension, task)
	}
	return nil
}

func setVersion(version string, extension, task *object) error {
	parts := versionPattern.FindStringSubmatch(version)
	if parts == nil {
		return fmt.Errorf("the version %q is not three numbers joined by dots, such as 1.2.3", version)
	}
	if major := fmt.Sprint(task.get("version", "Major")); parts[1] != major {
		return fmt.Errorf("the version %s changes the major version %s that users pin; change task.json first", version, major)
	}
	extension.set("version", version)
	task.set("version", &object{[]member{
		{"Major", json.Number(parts[1])}, {"Minor", json.Number(parts[2])}, {"Patch", json.Number(parts[3])},
	}})
	return nil
}

// leaveOut removes a choice of connectionType and what depends on it alone.
func leaveOut(choice string, task *object) error {
	selector := findInput(task, "connectionType")
	options, _ := selector.get("options").(*object)
	if options == nil || options.get(choice) == nil || selector.text("defaultValue") == choice {
		return fmt.Errorf("%q is not a choice of connectionType that can be left out", choice)
	}
	options.drop(choice)
	kept := []any{}
	for _, input := range task.objects("inputs") {
		rule := input.text("visibleRule")
		left := withoutChoice(rule, choice)
		if rule != "" && left == "" {
			continue
		}
		if left != rule {
			input.set("visibleRule", left)
		}
		kept = append(kept, input)
	}
	task.set("inputs", kept)
	return nil
}

func withoutChoice(rule, choice string) string {
	parts := strings.Split(rule, " || ")
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "connectionType = "+choice }), " || ")
}

func findInput(task *object, name string) *object {
	for _, input := range task.objects("inputs") {
		if input.text("name") == name {
			return input
		}
	}
	return &object{}
}

// makeDev renames everything that Azure DevOps wants to be unique, and the names
// that people choose by. The task's own name changes too: two tasks of one name
// make every YAML reference to it ambiguous.
func makeDev(extension, task *object) {
	extension.set("id", extension.text("id")+"-"+devSuffix)
	extension.set("name", extension.text("name")+" ("+devSuffix+")")
	extension.set("public", false)
	renamed := map[string]string{}
	for _, c := range extension.objects("contributions") {
		properties, _ := c.get("properties").(*object)
		if c.text("type") == "ms.vss-web.hub" {
			properties.set("name", properties.text("name")+" ("+devSuffix+")")
		}
		if c.text("type") != "ms.vss-endpoint.service-endpoint-type" {
			continue
		}
		name := properties.text("name")
		renamed[endpointPrefix+name] = endpointPrefix + name + "Dev"
		properties.set("name", name+"Dev")
		properties.set("displayName", properties.text("displayName")+" ("+devSuffix+")")
	}
	for _, input := range task.objects("inputs") {
		if to, ok := renamed[input.text("type")]; ok {
			input.set("type", to)
		}
	}
	task.set("id", uuid5(task.text("id"), devSuffix))
	task.set("name", task.text("name")+"Dev")
	task.set("friendlyName", task.text("friendlyName")+" ("+devSuffix+")")
}

// uuid5 derives a UUID from another one and a name (RFC 4122, section 4.3).
func uuid5(space, name string) string {
	raw, _ := hex.DecodeString(strings.ReplaceAll(space, "-", ""))
	sum := sha1.Sum(append(raw, name...))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
