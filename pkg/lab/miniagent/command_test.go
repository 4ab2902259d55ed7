package miniagent

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseCommand(t *testing.T) {
	t.Parallel()
	type props = map[string]string
	for _, tt := range []struct {
		line string
		want command
	}{
		{"##vso[task.debug]hello", command{"task", "debug", props{}, "hello", "hello"}},
		{"text before ##vso[Task.SetVariable Variable=a;IsSecret=true;]x=1;y", command{"task", "setvariable", props{"variable": "a", "issecret": "true"}, "x=1;y", "x=1;y"}},
		{"##vso[task.complete result=Failed;done=]", command{"task", "complete", props{"result": "Failed"}, "", ""}},
		{"##vso[task.logissue type=error;code=A=B]m", command{"task", "logissue", props{"type": "error", "code": "A=B"}, "m", "m"}},
		{"##vso[task.setvariable variable=a%5D%3B;  name=x]", command{"task", "setvariable", props{"variable": "a];", "  name": "x"}, "", ""}},
		{"##vso[.task..debug.]a]b", command{"task", "debug", props{}, "a]b", "a]b"}},
		{"##vso[task.setvariable variable=n]l1%0D%0Al2%AZP250A%25", command{"task", "setvariable", props{"variable": "n"}, "l1\r\nl2%0A%25", "l1%0D%0Al2%AZP250A%25"}},
	} {
		got, ok, err := parseCommand(tt.line, true)
		if !ok || err != nil {
			t.Errorf("parseCommand(%q) = %v, %v", tt.line, ok, err)
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(command{})); diff != "" {
			t.Errorf("parseCommand(%q) (-want +got):\n%s", tt.line, diff)
		}
	}
}

func TestNoCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line string
		want error
	}{
		{"plain", nil},
		{"##VSO[task.debug]upper case is no prefix", nil},
		{"##[error]only colour", nil},
		{"# #vso[task.debug]", nil},
		{"##vso task.debug", errNoCommand},
		{"##vso[task.debug", errNoCommand},
		{"##vso[ task.debug]", errNoCommand},
		{"##vso[debug]", errNoCommand},
		{"##vso[a.b.c]", errNoCommand},
	} {
		if _, ok, err := parseCommand(tt.line, true); ok || !errors.Is(err, tt.want) {
			t.Errorf("parseCommand(%q) = %v, %v; want %v", tt.line, ok, err, tt.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, decoded, kept string
	}{
		{"%3B%0D%0A%5D", ";\r\n]", ";\r\n]"},
		{"%0a%3b%25", "%0a%3b%25", "%0a%3b%25"},
		{"%AZP250A", "%0A", "%AZP250A"},
		{"%AZP25AZP25", "%AZP25", "%AZP25AZP25"},
	} {
		if got := unescape(tt.in, true); got != tt.decoded {
			t.Errorf("unescape(%q, true) = %q, want %q", tt.in, got, tt.decoded)
		}
		if got := unescape(tt.in, false); got != tt.kept {
			t.Errorf("unescape(%q, false) = %q, want %q", tt.in, got, tt.kept)
		}
	}
}

// TestEscapeRoundTrip escapes as a task must and expects every text back.
func TestEscapeRoundTrip(t *testing.T) {
	t.Parallel()
	escape := strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", "]", "%5D", ";", "%3B")
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[%0AD35BZP2\r\n\];=a ]{1,30}`).Draw(t, "value")
		c, ok, err := parseCommand("##vso[task.setvariable variable="+escape.Replace(value)+"]"+escape.Replace(value), true)
		if !ok || err != nil {
			t.Fatalf("%q is not read as a command: %v", value, err)
		}
		if c.data != value || c.props["variable"] != value {
			t.Fatalf("%q came back as %q and %q", value, c.data, c.props["variable"])
		}
	})
}

func FuzzParseCommand(f *testing.F) {
	f.Add("##vso[task.setvariable variable=a;issecret=true]b", true)
	f.Add("x##vso[a.b c=d;;=;e]%AZP25", false)
	f.Fuzz(func(t *testing.T, line string, decode bool) {
		c, ok, err := parseCommand(line, decode)
		if !ok {
			return
		}
		if err != nil || !strings.Contains(line, commandPrefix) {
			t.Errorf("%q is read as a command, error %v", line, err)
		}
		if c.area == "" || c.event == "" {
			t.Errorf("%q is read as a command without a name: %+v", line, c)
		}
		for key, value := range c.props {
			if key == "" || value == "" {
				t.Errorf("parseCommand(%q) kept the property %q=%q", line, key, value)
			}
		}
	})
}
