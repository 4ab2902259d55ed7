package vso

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// agentDecode undoes the escapes as the agent does: %AZP25 last
// (microsoft/azure-pipelines-agent src/Agent.Sdk/CommandStringConvertor.cs).
func agentDecode(s string, property, percents bool) string {
	if property {
		s = strings.NewReplacer("%3B", ";", "%5D", "]").Replace(s)
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "%0D", "\r"), "%0A", "\n")
	if percents {
		s = strings.ReplaceAll(s, "%AZP25", "%")
	}
	return s
}

func record(decode bool, f func(*Writer)) string {
	var b strings.Builder
	f(NewWriter(&b, decode))
	return b.String()
}

func TestCommands(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		write func(*Writer)
		want  string
	}{
		"issue": {
			func(w *Writer) { w.LogIssue(IssueError, "AAR-X", "a%;]\r\n##vso[b") },
			"##vso[task.logissue type=error;code=AAR-X]a%AZP25;]%0A# #vso[b\n",
		},
		"complete": {func(w *Writer) { w.Complete(Failed) }, "##vso[task.complete result=Failed]\n"},
		"variable": {func(w *Writer) { _ = w.SetVariable("AWS_REGION", "eu-west-1") }, "##vso[task.setvariable variable=AWS_REGION]eu-west-1\n"},
		"output":   {func(w *Writer) { _ = w.SetOutput("issuer", "x;y") }, "##vso[task.setvariable variable=issuer;isoutput=true]x;y\n"},
		"property": {func(w *Writer) { _ = w.SetVariable("a;b]c%", "") }, "##vso[task.setvariable variable=a%3Bb%5Dc%AZP25]\n"},
		"task variable": {
			func(w *Writer) { w.SetTaskVariable("state", "0f") },
			"##vso[task.settaskvariable variable=state]0f\n",
		},
		"debug": {func(w *Writer) { w.Debug("##vso[task.complete]\nx") }, "##vso[task.debug]# #vso[task.complete]%0Ax\n"},
		"text":  {func(w *Writer) { w.Print("a\r\nb\r##vso[x]", "##[error]c") }, "a\nb\n# #vso[x]\n# #[error]c\n"},
		"lines": {func(w *Writer) { w.Print("a\u2028b\u2029c\u0085d\ve\ff") }, "a\nb\nc\nd\ne\nf\n"},
		"blank": {func(w *Writer) { w.Print("a\tb\u00a0c\x1b\u200bd") }, "a b\u00a0cd\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, record(true, tt.write)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSecretVariableIsMaskedFirst(t *testing.T) {
	t.Parallel()
	got := record(true, func(w *Writer) {
		for range 2 {
			if err := w.SetSecretVariable("K", secret.New("canary%1")); err != nil {
				t.Error(err)
			}
		}
	})
	set := "##vso[task.setvariable variable=K;issecret=true]canary%AZP251\n"
	if diff := cmp.Diff("##vso[task.setsecret]canary%AZP251\n##vso[task.setsecret]canary%AZP25AZP251\n"+set+set, got); diff != "" {
		t.Error(diff)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	got := record(true, func(w *Writer) { w.Mask(secret.New("first-line\r\n12345\n123456\n  123  \nsecond-line\n")) })
	if diff := cmp.Diff("##vso[task.setsecret]first-line\n##vso[task.setsecret]123456\n##vso[task.setsecret]second-line\n", got); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedValues(t *testing.T) {
	t.Parallel()
	refusal := map[bool]error{true: nil, false: ErrInexpressible}
	for _, tt := range []struct {
		value                 string
		decode                bool
		plain, output, secret bool
	}{
		{"fine-value", true, true, true, true},
		{"a$(b)-long", true, false, false, true},
		{"a##VSO[x]-long", true, true, false, true},
		{"a#b#c-long", true, true, true, true},
		{"line\nbreak", true, false, false, false},
		{"line\rbreak", true, false, false, false},
		{"100%-value", false, true, true, true},
		{"%0Abcdefgh", true, true, true, true},
		{"%0Abcdefgh", false, false, false, false},
		{"%5Dbcdefgh", false, false, false, false},
	} {
		got := record(tt.decode, func(w *Writer) {
			if err := w.SetVariable("V", tt.value); !errors.Is(err, refusal[tt.plain]) {
				t.Errorf("SetVariable(%q): error %v, want %v", tt.value, err, refusal[tt.plain])
			}
			if err := w.SetOutput("O", tt.value); !errors.Is(err, refusal[tt.output]) {
				t.Errorf("SetOutput(%q): error %v, want %v", tt.value, err, refusal[tt.output])
			}
			if err := w.SetSecretVariable("S", secret.New(tt.value)); !errors.Is(err, refusal[tt.secret]) {
				t.Errorf("SetSecretVariable(%q): error %v, want %v", tt.value, err, refusal[tt.secret])
			}
			if w.Expressible(secret.New(tt.value)) != tt.secret {
				t.Errorf("Expressible(%q) is %v", tt.value, !tt.secret)
			}
		})
		if refused := !tt.plain && !tt.secret; refused && got != "" {
			t.Errorf("%q was refused, yet %q was written", tt.value, got)
		}
	}
}

type broken struct{ writes int }

func (b *broken) Write([]byte) (int, error) { b.writes++; return 0, errors.New("closed") }

func TestWriterStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	b := &broken{}
	w := NewWriter(b, true)
	w.Print("a", "b", "c")
	if w.Err() == nil || b.writes != 1 {
		t.Errorf("Err = %v after %d writes", w.Err(), b.writes)
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "%", "%25", "%AZP25", "a;b]c\r\n", "%0A%3B", "##vso[x]y", "%%AZP25AZP25"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	splitting := map[bool]string{false: "\r\n", true: "\r\n;]"}
	f.Fuzz(func(t *testing.T, s string, decode bool) {
		e := escaper{keepPercent: !decode}
		for property, encoded := range map[bool]string{false: e.data(s), true: e.property(s)} {
			if strings.ContainsAny(encoded, splitting[property]) {
				t.Errorf("%q became %q, which splits a command", s, encoded)
			}
			if got := agentDecode(encoded, property, decode); got != s && e.expressible(s) {
				t.Errorf("%q became %q and is read back as %q", s, encoded, got)
			}
		}
	})
}

func FuzzNeutralise(f *testing.F) {
	for _, s := range []string{"##vso[a]", "#\u200b#vso[", "###", "#\r#[x", "\xff##", "#\u00ad#\u2028#", "\ufe0f#\ufe0f#", "#\u034f#vso[a]", "#\u0591\u0301#vso[a]", "#\u3164#", "#é#vso[a]", "#\U000e0100é\u00a0#[b]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Neutralise(s)
		bare := strings.Map(func(r rune) rune {
			if r > unicode.MaxASCII {
				return -1
			}
			return r
		}, got)
		if strings.Contains(bare, "##") || strings.ContainsAny(got, "\r\x00\x1b\u200b\u00ad\u2028\u034f\u3164") {
			t.Errorf("%q became %q", s, got)
		}
		if again := Neutralise(got); again != got {
			t.Errorf("not settled: %q became %q", got, again)
		}
	})
}

// TestDecodesPercents as the agent does: anything but its spellings of true is false.
func TestDecodesPercents(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		public, secret string
		want           bool
	}{
		{"", "", true},
		{"1", "", true},
		{"TRUE", "", true},
		{"$True", "", true},
		{"false", "", false},
		{"0", "", false},
		{"$false", "", false},
		{"no", "", false},
		{"yes", "", false},
		{" true", "", false},
		{"", "false", false},
		{"false", "true", true},
		{"true", "off", false},
	} {
		values := map[string]string{"DECODE_PERCENTS": tt.public, "SECRET_DECODE_PERCENTS": tt.secret}
		got := DecodesPercents(func(name string) (string, bool) { v, ok := values[name]; return v, ok })
		if got != tt.want {
			t.Errorf("%+v: percents are decoded: %v", tt, got)
		}
	}
}
