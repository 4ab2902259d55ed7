package awsprofile

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	idA = "0123456789abcdef0123456789abcdef"
	idB = "fedcba9876543210fedcba9876543210"
)

func entry(id string) []setting {
	return []setting{{"region", "eu-west-1"}, {"credential_process", commandLine("linux", "/t/assume-aws-role-01234567", id)}}
}

const lineA = "credential_process = /t/assume-aws-role-01234567/assume-aws-role credential-process " + idA

func TestUpsertSection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, profile, want string }{
		"empty":          {"", "default", "[default]\nregion = eu-west-1\n" + lineA + "\n"},
		"named":          {"", "x.y@z-1", "[profile x.y@z-1]\nregion = eu-west-1\n" + lineA + "\n"},
		"after others":   {"# mine\n[profile a]\noutput = json", "b", "# mine\n[profile a]\noutput = json\n\n[profile b]\nregion = eu-west-1\n" + lineA + "\n"},
		"crlf":           {"[profile a]\r\noutput = json\r\n", "b", "[profile a]\r\noutput = json\r\n\r\n[profile b]\r\nregion = eu-west-1\r\n" + lineA + "\r\n"},
		"in place":       {"[profile b]\nregion = old\n# note\noutput = json\n\n# about c\n[profile c]\n", "b", "[profile b]\n# note\noutput = json\nregion = eu-west-1\n" + lineA + "\n\n# about c\n[profile c]\n"},
		"drops keys":     {"[default]\naws_access_key_id = A\nAWS_SECRET_ACCESS_KEY=B\nrole_arn=C\ns3 =\n  max = 1\n", "default", "[default]\ns3 =\n  max = 1\nregion = eu-west-1\n" + lineA + "\n"},
		"drops a colon":  {"[default]\nrole_arn: C\nsource_profile : D\noutput: json\n", "default", "[default]\noutput: json\nregion = eu-west-1\n" + lineA + "\n"},
		"indented keys":  {"[profile b]\n  output = json\n  role_arn = C\n    more\n  cli = x", "b", "[profile b]\n  output = json\n  cli = x\nregion = eu-west-1\n" + lineA + "\n"},
		"deep keys":      {"[default]\n            role_arn = C\n            output = x\n", "default", "[default]\n            output = x\nregion = eu-west-1\n" + lineA + "\n"},
		"torn value":     {"[default]\nrole_arn = C\n\n# note\n  more\n", "default", "[default]\nregion = eu-west-1\n" + lineA + "\n\n# note\n"},
		"indented":       {"  [default]\n  output = x\n", "default", "  [default]\n  output = x\nregion = eu-west-1\n" + lineA + "\n"},
		"both spellings": {"[default]\n[profile default]\nrole_arn=C\n", "default", "[default]\nregion = eu-west-1\n" + lineA + "\n[profile default]\nregion = eu-west-1\n" + lineA + "\n"},
		"spaced header":  {"[ profile  b ]\nregion=old", "b", "[ profile  b ]\nregion = eu-west-1\n" + lineA + "\n"},
		"header at end":  {"[profile b]", "b", "[profile b]\nregion = eu-west-1\n" + lineA + "\n"},
		"other prefixes": {"[profile bb]\n[services b]\n[b]\n", "b", "[profile bb]\n[services b]\n[b]\n\n[profile b]\nregion = eu-west-1\n" + lineA + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := upsertSection([]byte(c.text), c.profile, entry(idA))
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := upsertSection(got, c.profile, entry(idA)); !bytes.Equal(again, got) {
				t.Errorf("writing it again changed it:\n%s", again)
			}
		})
	}
}

func TestRemoveSections(t *testing.T) {
	t.Parallel()
	others := "# top\n[profile a]\noutput = json\n"
	both := upsertSection(upsertSection([]byte(others), "b", entry(idA)), "c", entry(idB))
	one := removeSections(both, idA)
	if diff := cmp.Diff(string(upsertSection([]byte(others), "c", entry(idB))), string(one)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(others, string(removeSections(one, idB))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	foreign := "[default]\ncredential_process = /usr/bin/other credential-process " + idA + "\n"
	if got := removeSections([]byte(foreign), idA); string(got) != foreign {
		t.Errorf("a foreign section was removed: %q", got)
	}
}

// significant is what must survive an edit: everything but empty lines.
func significant(text []byte) []string {
	var lines []string
	for line := range strings.Lines(string(text)) {
		if s := strings.TrimSpace(line); s != "" {
			lines = append(lines, s)
		}
	}
	return lines
}

// TestEditsOfOthers checks for any order of edits that the lines of other authors
// stay, in their order, and that our entries come and go.
func TestEditsOfOthers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{
			"[profile other]", "[services s]", "# comment", "; comment", "output = json", "", "  nested = 1", "[sso-session q]", "s3 =", "  ", "[default",
		})
		eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
		text := []byte(strings.Join(rapid.SliceOf(line).Draw(t, "lines"), eol))
		before := significant(text)
		edited := upsertSection(upsertSection(text, "default", entry(idA)), "mine", entry(idB))
		if profiles(edited) != 2 {
			t.Fatalf("%d profiles in %q", profiles(edited), edited)
		}
		edited = removeSections(edited, rapid.SampledFrom([]string{idA, idB}).Draw(t, "first"))
		if profiles(edited) != 1 {
			t.Fatalf("%d profiles in %q", profiles(edited), edited)
		}
		edited = removeSections(removeSections(edited, idA), idB)
		if diff := cmp.Diff(before, significant(edited)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func FuzzConfigEditor(f *testing.F) {
	for _, seed := range []string{"", "[default]\n", "[profile a]\r\nx=y\r\n# c", "\xff[\x00]=", "=\n[", " [default]\n x"} {
		f.Add([]byte(seed), "default")
		f.Add([]byte(seed), "a")
	}
	f.Fuzz(func(t *testing.T, text []byte, profile string) {
		if !validName(profile) || bytes.Contains(text, []byte(idA)) {
			return
		}
		got := upsertSection(text, profile, entry(idA))
		if again := upsertSection(got, profile, entry(idA)); !bytes.Equal(again, got) {
			t.Fatalf("not idempotent:\n%q\n%q", got, again)
		}
		if !strings.Contains(string(got), lineA) {
			t.Fatalf("no entry in %q", got)
		}
		if bytes.Contains(removeSections(got, idA), []byte(lineA)) {
			t.Fatalf("entry not removed from %q", got)
		}
		for _, kept := range significant(text) {
			if strings.HasPrefix(kept, "#") && !slices.Contains(significant(removeSections(got, idB)), kept) {
				t.Fatalf("comment %q was lost", kept)
			}
		}
	})
}
