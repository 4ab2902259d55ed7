package awsprofile

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// TestCommandLine shows the line as the shells and parsers of the SDKs get it.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ goos, dir, want string }{
		"plain":   {"linux", "/t/d", "/t/d/assume-aws-role credential-process " + idA},
		"space":   {"linux", "/my temp/d", `"/my temp/d/assume-aws-role" credential-process ` + idA},
		"windows": {"windows", `C:\a\_temp\d`, `C:\\a\\_temp\\d\\assume-aws-role.exe credential-process ` + idA},
	} {
		if got := commandLine(c.goos, c.dir, idA); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestWrittenPathOnWindows gives each path the 8.3 name that its volume has for it.
func TestWrittenPathOnWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, short, want string }{
		{`C:\agent\_work\_temp`, "", `C:\agent\_work\_temp`},
		{`C:/agent/_work/_temp`, "", `C:\agent\_work\_temp`},
		{`C:\my agent\_temp`, `C:\MYAGEN~1\_temp`, `C:\MYAGEN~1\_temp`},
		{`C:\Program Files (x86)\a\_temp`, `C:\PROGRA~2\a\_temp`, `C:\PROGRA~2\a\_temp`},
		{`C:\Ärger\_temp`, `C:\RGER~1\_temp`, `C:\RGER~1\_temp`},
		{`C:\50%\_temp`, `C:\50%~1\_temp`, ""},
		{`C:\R&D agents\_temp`, `C:\R&DAGE~1\_temp`, ""},
		{`C:\my agent\_temp`, `C:\my agent\_temp`, ""}, // the volume keeps no 8.3 names
		{`C:\my agent\_temp`, "", ""},
		{`C:\` + strings.Repeat("long-name\\", 20) + "x", `C:\LONG`, `C:\LONG`}, // too long with doubled backslashes
		{`C:\` + strings.Repeat("long-name\\", 20) + "x", "", ""},
		{`C:\` + strings.Repeat("long-name\\", 22) + "x", `C:\LONG`, ""},
		{`\\server\share\_temp`, `\\server\share\_temp`, ""},
		{`\\?\C:\agent\_temp`, `\\?\C:\agent\_temp`, ""},
		{`C:\a(1)\_temp`, "", ""},
		{`C:\a,b\_temp`, "", ""},
		{`C:\a;b\_temp`, "", ""},
		{`C:\a=b\_temp`, "", ""},
		{`C:\a^b\_temp`, "", ""},
		{`C:\a@b\_temp`, "", ""},
		{`C:\it's\_temp`, "", ""},
	} {
		got, err := writtenFor("windows", c.path, func(path string) string {
			if strings.Contains(path, "/") {
				t.Errorf("asked for the short name of %s", path)
			}
			return c.short
		})
		if c.want == "" {
			f, ok := fault.As(err)
			if !ok || f.Code != fault.ProfilePath {
				t.Fatalf("%s with short name %q: %q, %v; want a refusal", c.path, c.short, got, err)
			}
			if !strings.Contains(f.Message(), variablesInstead) {
				t.Errorf("%s with short name %q: the refusal does not offer variables: %s", c.path, c.short, f.Message())
			}
			continue
		}
		if want := c.want + `\` + filepath.Base(Dir(c.path)); got != want || err != nil {
			t.Errorf("%s with short name %q: %q, %v; want %q", c.path, c.short, got, err, want)
		}
	}
}

// TestLongestPathOnWindows counts what Windows counts: the path as it is written.
func TestLongestPathOnWindows(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	written := func(n int) (string, error) { return writtenFor("windows", `C:\`+strings.Repeat("a", n), none) }
	longest := 0
	for n := 1; n < 300; n++ {
		if dir, err := written(n); err == nil {
			longest = len(strings.TrimSuffix(commandLine("windows", dir, idA), " credential-process "+idA))
		}
	}
	if longest != 259 {
		t.Errorf("the longest program path that is written has %d characters, want 259", longest)
	}
}
