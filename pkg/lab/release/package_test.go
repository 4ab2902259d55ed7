package release

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/need"
)

func TestPackedExtensionPasses(t *testing.T) {
	t.Parallel()
	if err := Check(need.VSIX(t), io.Discard); err != nil {
		t.Error(err)
	}
}

func TestPackedExtensionIsComplete(t *testing.T) {
	t.Parallel()
	parts, err := readZip(need.VSIX(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"extension.vsixmanifest", "extension.vsomanifest", "README.md", "LICENSE", "build.json", "docs/images/extension-icon.png", "task/task.json",
		"setup/setup.html", "task/index.js", "task/post.js", "task/icon.png", "task/THIRD-PARTY-NOTICES.txt", "task/bin/manifest.json",
	} {
		if contentOf(parts, want) == nil {
			t.Errorf("%s is missing", want)
		}
	}
	types, err := parseTypes(contentOf(parts, typesPart))
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]string{"LICENSE": "text/plain", "setup/setup.html": "text/html", "setup/setup.css": "text/css"} {
		if got := types.of(part); got != want {
			t.Errorf("%s has the content type %q, want %q", part, got, want)
		}
	}
	if flags, err := Flags(need.VSIX(t)); err != nil || len(flags) > 0 {
		t.Errorf("the note of flags: %v %v", flags, err)
	}
}

// TestCheckFindsDamage rewrites the package with one fault each.
func TestCheckFindsDamage(t *testing.T) {
	t.Parallel()
	linux, darwin := "task/bin/"+Platform{"linux", "amd64"}.File(), "task/bin/"+Platform{"darwin", "arm64"}.File()
	replace := func(from, to string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(from), []byte(to), 1) }
	}
	for name, tt := range map[string]struct {
		part, want string
		change     func([]byte) []byte
	}{
		"a cut binary":             {linux, "does not match the launcher's manifest", func(b []byte) []byte { return b[:len(b)/2] }},
		"a changed version":        {"task/task.json", "its task 1.0.7", replace(`"Patch": 0`, `"Patch": 7`)},
		"an unregistered part":     {typesPart, "has no content type", replace(".bin", ".xyz")},
		"a license to download":    {typesPart, "LICENSE is addressable", replace(`PartName="/LICENSE" ContentType="text/plain"`, `PartName="/LICENSE" ContentType="`+anyBytes+`"`)},
		"a picture to download":    {typesPart, "extension-icon.png is addressable", replace("image/png", anyBytes)},
		"a missing mac program":    {darwin, "does not match the launcher's manifest", func([]byte) []byte { return nil }},
		"a note of a foreign flag": {"build.json", "", replace("[]", `["--out=/"]`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "x.vsix")
			rewrite(t, need.VSIX(t), file, tt.part, tt.change)
			err := Check(file, io.Discard)
			if tt.want == "" {
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if err := Compare(need.VSIX(t), file); err == nil || !strings.Contains(err.Error(), tt.part+" differs") {
				t.Errorf("the comparison does not name %s: %v", tt.part, err)
			}
			if _, err := Flags(file); (err != nil) != (tt.part == "build.json") {
				t.Errorf("reading the flags: %v", err)
			}
		})
	}
}

func rewrite(t *testing.T, from, to, part string, change func([]byte) []byte) {
	t.Helper()
	r, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = writeFile(to, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, f := range r.File {
			if f.Name != part {
				if err := z.Copy(f); err != nil {
					return err
				}
				continue
			}
			old, err := readPart(f)
			if err != nil {
				return err
			}
			changed := change(bytes.Clone(old))
			if bytes.Equal(old, changed) {
				t.Errorf("nothing to change in %s", part)
			}
			if err := writeEntry(z, entry{name: f.Name, content: changed, mode: f.Mode()}, deflate(changed).data); err != nil {
				return err
			}
		}
		return z.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func packedBinary(t *testing.T, p Platform) []byte {
	t.Helper()
	parts, err := readZip(need.VSIX(t))
	if err != nil {
		t.Fatal(err)
	}
	return contentOf(parts, "task/bin/"+p.File())
}

func TestCheckBinary(t *testing.T) {
	t.Parallel()
	mac := Platform{"darwin", "arm64"}
	good := packedBinary(t, mac)
	if err := CheckBinary(mac, good); err != nil {
		t.Errorf("a good program is refused: %v", err)
	}
	bad := bytes.Clone(good)
	bad[1<<20] ^= 1
	if err := CheckBinary(mac, bad); err == nil || !strings.Contains(err.Error(), "code signature") {
		t.Errorf("a changed page passes: %v", err)
	}
	if err := CheckBinary(Platform{"darwin", "amd64"}, good); err == nil {
		t.Error("a program for arm64 passes for amd64")
	}
	if err := CheckBinary(Platform{"linux", "amd64"}, good); err == nil {
		t.Error("a program for macOS passes for Linux")
	}
	uuid := bytes.Index(good[:4096], []byte{loadUUID, 0, 0, 0, 24, 0, 0, 0})
	bad = bytes.Clone(good)
	bad[uuid] = 0x26 // another command of no importance
	if err := CheckBinary(mac, bad); err == nil || !strings.Contains(err.Error(), "LC_UUID") {
		t.Errorf("a program without LC_UUID passes: %v", err)
	}
}

func TestCheckVersionResource(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"amd64", "arm64"} {
		windows := Platform{"windows", arch}
		bad := bytes.Replace(packedBinary(t, windows), []byte(utf16("CompanyName")), []byte(utf16("CompanyNome")), 1)
		if err := CheckBinary(windows, bad); err == nil || !strings.Contains(err.Error(), "CompanyName") {
			t.Errorf("%s: a program without a publisher passes: %v", arch, err)
		}
	}
}

// TestProgramIsDeafToTheRuntimesVariables starts the packed program with values of
// Go's runtime variables that end or change any other Go program before its main.
func TestProgramIsDeafToTheRuntimesVariables(t *testing.T) {
	t.Parallel()
	content := packedBinary(t, Platform{runtime.GOOS, runtime.GOARCH})
	if content == nil {
		t.Skip("the package has no program for this machine")
	}
	file := filepath.Join(t.TempDir(), "program.exe")
	if err := os.WriteFile(file, content, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, variable := range []string{"GOMEMLIMIT=1GB", "GODEBUG=inittrace=1", "GOTRACEBACK=crash", "GOMAXPROCS=100000", "GOGC=off"} {
		c := exec.Command(file, "version")
		c.Env = append(os.Environ(), variable)
		out, err := c.CombinedOutput()
		if err != nil || !regexp.MustCompile(`^assume-aws-role [0-9.]+\n$`).Match(out) {
			t.Errorf("with %s the program does not say its version: %v\n%s", variable, err, out)
		}
	}
}

// TestBillOfMaterials reads the documents beside the package.
func TestBillOfMaterials(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(need.VSIX(t)), "*.cdx.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("want one bill of materials, got %v %v", files, err)
	}
	var bom struct {
		SpecVersion  string
		SerialNumber string
		Metadata     struct{ Timestamp string }
		Components   []struct {
			Name, Version, PURL string
			Licenses            []struct {
				Expression string
				License    struct{ ID string }
			}
		}
	}
	if err := json.Unmarshal(read(t, files[0]), &bom); err != nil {
		t.Fatal(err)
	}
	if bom.SpecVersion != "1.6" {
		t.Errorf("the document has the version %q", bom.SpecVersion)
	}
	if bom.SerialNumber != "" || bom.Metadata.Timestamp != "" {
		t.Errorf("the document differs from build to build: %q %q", bom.SerialNumber, bom.Metadata.Timestamp)
	}
	licenses := map[string]string{}
	for _, c := range bom.Components {
		if !regexp.MustCompile(`^v?[0-9]+\.[0-9]+(\.[0-9]+)?(-[0-9A-Za-z.-]+)?$`).MatchString(c.Version) || !strings.HasSuffix(c.PURL, "@"+c.Version) {
			t.Errorf("%s has the version %q", c.PURL, c.Version)
		}
		licenses[c.Name] = c.Licenses[0].Expression + c.Licenses[0].License.ID
	}
	for name, want := range map[string]string{
		"std": "BSD-3-Clause", "golang.org/x/sys": "BSD-3-Clause", "github.com/golang-jwt/jwt/v5": "MIT", "azure-devops-extension-sdk": "MIT",
		"github.com/aws/smithy-go": "Apache-2.0 AND BSD-3-Clause", // it holds two packages of Go's
	} {
		if licenses[name] != want {
			t.Errorf("%s has the licence %q, want %q", name, licenses[name], want)
		}
	}
}

func TestLicenseThatNobodyKnows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := Component{Name: "example.org/m", Version: "v1.0.0", PURL: "pkg:golang/example.org/m@v1.0.0"}
	module, err := c.moduleDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(module, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(module, "LICENSE.txt"), []byte("You may do with this what I tell you when we meet."))
	if err := c.readLicenses(module); err != nil {
		t.Fatal(err)
	}
	if c.License != "" || len(c.Texts) != 1 {
		t.Errorf("licence %q and texts %q, want one unknown text", c.License, c.Texts)
	}
	for _, m := range []string{"LICENSE", "taken/COPYING"} {
		write(t, filepath.Join(module, m), read(t, filepath.Join(need.Root(t), "LICENSE")))
	}
	if err := c.readLicenses(module); err != nil {
		t.Fatal(err)
	}
	if c.License != "MIT" || !slices.ContainsFunc(c.Texts, func(s string) bool { return strings.HasPrefix(s, "MIT") }) {
		t.Errorf("licence %q and texts %q, want MIT", c.License, c.Texts)
	}
}

func TestCompressedFormOfAnotherFile(t *testing.T) {
	t.Parallel()
	for name, deflated := range map[string][]byte{"another file": deflate([]byte("y")).data, "no deflate": []byte("x")} {
		if err := writeZip(io.Discard, []entry{{name: "x", content: []byte("x"), deflated: deflated}}); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := writeZip(io.Discard, []entry{{name: "x", content: []byte("x"), deflated: deflate([]byte("x")).data}}); err != nil {
		t.Error(err)
	}
}
