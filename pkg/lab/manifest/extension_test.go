package manifest

import (
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
)

func TestExtensionIdentity(t *testing.T) {
	t.Parallel()
	e := readExtension(t)
	if e.ID != "assume-aws-role" || e.Name != "OIDC Role Credentials for AWS" {
		t.Errorf("the extension is %q, shown as %q", e.ID, e.Name)
	}
	if e.Publisher == "" || e.ManifestVersion != 1 {
		t.Errorf("the publisher is %q, the version of the manifest %d", e.Publisher, e.ManifestVersion)
	}
	if len(e.Targets) != 1 || e.Targets[0].ID != "Microsoft.VisualStudio.Services.Cloud" {
		t.Errorf("the targets are %v", e.Targets)
	}
	if len(e.Scopes) > 0 {
		t.Errorf("scopes are asked for: %v", e.Scopes)
	}
	if !slices.Equal(e.Categories, []string{"Azure Pipelines"}) {
		t.Errorf("the categories are %v", e.Categories)
	}
	if len(e.Description) > 200 || len(e.Name) > 200 {
		t.Error("description or name is longer than the 200 characters of the Marketplace")
	}
	if len(e.Tags) == 0 {
		t.Error("there are no tags")
	}
	v := readTask(t).Version
	if got := fmt.Sprintf("%s.%s.%s", v.Major, v.Minor, v.Patch); got != e.Version {
		t.Errorf("task.json has version %s, vss-extension.json %s", got, e.Version)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	e := readExtension(t)
	for _, name := range []string{"getstarted", "learn", "license", "privacypolicy", "support", "repository", "issues"} {
		if !strings.HasPrefix(e.Links[name].URI, "https://") {
			t.Errorf("the link %s is missing", name)
		}
	}
	if uri := e.Links["privacypolicy"].URI; !strings.HasSuffix(uri, "/docs/privacy.md") {
		t.Errorf("the privacy link leads to %s", uri)
	}
	if e.Repository["type"] != "git" {
		t.Error("the Marketplace knows only git repositories")
	}
}

// builtPage is the set-up page, which is built before it is packed; pkg/lab/setuppage
// looks at the result.
const builtPage = "setup"

func TestPackedFilesExist(t *testing.T) {
	t.Parallel()
	e := readExtension(t)
	paths := []string{e.Icons["default"]}
	for _, f := range e.Files {
		if f.Path == builtPage {
			continue
		}
		paths = append(paths, f.Path)
		if untyped := filepath.Ext(f.Path) == "" && f.ContentType == ""; f.Addressable && untyped {
			if f.Path == "docs/images" {
				continue // a directory
			}
			t.Errorf("%s needs a contentType: without an extension it cannot be looked up", f.Path)
		}
	}
	for _, c := range e.Content {
		paths = append(paths, c.Path)
	}
	for _, p := range paths {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(p))); err != nil {
			t.Error(err)
		}
	}
	for _, dir := range []string{"task", "docs/images"} {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(dir)), func(path string, _ fs.DirEntry, err error) error {
			if strings.ContainsAny(filepath.Base(path), " #^[]<>?") {
				t.Errorf("the name of %s is not allowed in a package", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestContributions(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	kinds := map[string]contribution{}
	for _, c := range readExtension(t).Contributions {
		if seen[c.ID] {
			t.Errorf("the contribution %s occurs twice", c.ID)
		}
		seen[c.ID] = true
		kinds[c.Type] = c
	}
	if got := kinds["ms.vss-distributed-task.task"]; got.Properties.Name != "task" || !slices.Equal(got.Targets, []string{"ms.vss-distributed-task.tasks"}) {
		t.Errorf("the task contribution: %+v", got)
	}
	if got := kinds["ms.vss-endpoint.service-endpoint-type"]; !slices.Equal(got.Targets, []string{"ms.vss-endpoint.endpoint-types"}) || len(kinds) != 3 {
		t.Errorf("the connection contribution: %+v", got)
	}
}

// TestSetUpPage holds the hub to its address, which links in logs have, and the extension
// to no scope at all: one would keep every organisation on its old version until an
// administrator agrees.
func TestSetUpPage(t *testing.T) {
	t.Parallel()
	e := readExtension(t)
	if e.Scopes == nil || len(e.Scopes) > 0 {
		t.Errorf("scopes are %v, want an empty list", e.Scopes)
	}
	want := contribution{
		ID: setuppage.Contribution, Type: "ms.vss-web.hub", Targets: []string{"ms.vss-web.project-admin-hub-group"},
		Properties: properties{Name: "AWS roles (OIDC)", URI: "setup/setup.html"},
	}
	i := slices.IndexFunc(e.Contributions, func(c contribution) bool { return c.Type == want.Type })
	if i < 0 {
		t.Fatal("there is no hub")
	}
	got := e.Contributions[i]
	got.Description = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the hub (-want +got):\n%s", diff)
	}
	served := func(f packedFile) bool { return f.Path == builtPage && f.PackagePath == builtPage && f.Addressable }
	if !slices.ContainsFunc(e.Files, served) {
		t.Errorf("%s is not addressable", builtPage)
	}
}

func connection(t *testing.T) properties {
	t.Helper()
	for _, c := range readExtension(t).Contributions {
		if c.Type == "ms.vss-endpoint.service-endpoint-type" {
			return c.Properties
		}
	}
	t.Fatal("no service connection type")
	return properties{}
}

func TestConnectionType(t *testing.T) {
	t.Parallel()
	p := connection(t)
	if p.Name != "assumeAwsRole" || p.DisplayName != "AWS role (OIDC)" {
		t.Errorf("the connection type is %q, shown as %q", p.Name, p.DisplayName)
	}
	if p.URL["isVisible"] != "false" || !strings.HasPrefix(p.URL["value"], "https://") {
		t.Errorf("the URL is shown or not one of https: %v", p.URL)
	}
	want := []scheme{{Type: "ms.vss-endpoint.endpoint-auth-scheme-none", DisplayName: "OpenID Connect", InputDescriptors: []descriptor{}}}
	if diff := cmp.Diff(want, p.Schemes); diff != "" {
		t.Errorf("authorization parameters are masked in logs, so role and region are endpoint data (-want +got):\n%s", diff)
	}
	used := slices.ContainsFunc(readTask(t).Inputs, func(in input) bool { return in.Type == "connectedService:"+p.Name })
	if !used {
		t.Error("no input of the task takes this connection type")
	}
}

func TestConnectionFields(t *testing.T) {
	t.Parallel()
	samples := map[string]struct{ good, bad []string }{
		"roleArn": {
			[]string{"arn:aws:iam::111122223333:role/deploy", "arn:aws-us-gov:iam::111122223333:role/a/b/c+=,.@-_d", "arn:aws-cn:iam::111122223333:role/x"},
			[]string{"$(role)", "arn:aws:iam::111122223333:role/$(x)", "arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:user/x", " arn:aws:iam::111122223333:role/x", "arn:aws:iam::111122223333:role/"},
		},
		"region": {[]string{"eu-west-1", "us-gov-east-1", "cn-northwest-1"}, []string{"$(region)", "Europe", "eu-west", "EU-WEST-1"}},
	}
	for _, d := range connection(t).InputDescriptors {
		s := samples[d.ID]
		delete(samples, d.ID)
		if d.IsConfidential || d.Validation.DataType != "string" {
			t.Errorf("%s must be plain text", d.ID)
		}
		if d.Validation.IsRequired {
			t.Errorf("%s must be optional", d.ID)
		}
		if d.Validation.Message == "" || d.Description == "" {
			t.Errorf("%s must have a description and a message", d.ID)
		}
		pattern := regexp.MustCompile(d.Validation.Pattern)
		for _, v := range s.good {
			if !pattern.MatchString(v) || !matchesInJavaScript(t, d.Validation.Pattern, v) {
				t.Errorf("%s refuses %q", d.ID, v)
			}
		}
		for _, v := range s.bad {
			if pattern.MatchString(v) || matchesInJavaScript(t, d.Validation.Pattern, v) {
				t.Errorf("%s takes %q", d.ID, v)
			}
		}
	}
	if len(samples) > 0 {
		t.Errorf("fields are missing: %v", samples)
	}
}

// matchesInJavaScript is how the form in the browser sees it.
func matchesInJavaScript(t *testing.T, pattern, value string) bool {
	t.Helper()
	out, err := exec.Command(need.NodeProgram(t), "-p", "new RegExp(process.argv[1]).test(process.argv[2])", "--", pattern, value).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out)) == "true"
}

// TestIcons: the Marketplace wants 128 pixels, the list of tasks 32. Both pictures are
// made from docs/pictures/icon.svg.
func TestIcons(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"docs/images/extension-icon.png": 128, "task/icon.png": 32} {
		f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := png.DecodeConfig(f)
		if err != nil {
			t.Fatalf("%s is not a PNG: %v", name, err)
		}
		if got.Width != size || got.Height != size {
			t.Errorf("%s has %d × %d pixels, want %d", name, got.Width, got.Height, size)
		}
	}
	if e := readExtension(t); e.Icons["default"] != "docs/images/extension-icon.png" {
		t.Errorf("the extension's icon is %s", e.Icons["default"])
	}
}
