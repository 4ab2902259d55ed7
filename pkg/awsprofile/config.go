package awsprofile

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// setting is one key of a section.
type setting struct{ key, value string }

// outranking are keys of a profile that the SDKs put before credential_process. A
// profile that this task writes must not keep them from an earlier author.
var outranking = []string{
	"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "role_arn", "source_profile",
	"credential_source", "web_identity_token_file", "sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "sso_region",
	"login_session",
}

// processKey is the key by which a profile names its program.
const processKey = "credential_process"

// editConfig rewrites the config file and, from it, the credentials file. The caller
// holds the lock of both.
func editConfig(dir string, edit func([]byte) []byte) error {
	config, err := edited(filepath.Join(dir, configName), edit)
	if err != nil {
		return err
	}
	_, err = edited(filepath.Join(dir, credentialsName), func([]byte) []byte { return credentialsOf(config) })
	return err
}

// edited rewrites a file. Neither of the two holds a secret, so one that another tool
// opened to other users is written anew instead of refused.
func edited(path string, edit func([]byte) []byte) ([]byte, error) {
	_ = privatefile.RemoveStale(path) // what stays, the removal reports
	text, private, err := privatefile.ReadShared(path)
	absent := errors.Is(err, fs.ErrNotExist)
	if err != nil && !absent {
		return nil, err
	}
	content := edit(text)
	if bytes.Equal(text, content) && (private || absent) {
		return content, nil
	}
	return content, privatefile.Replace(path, content)
}

// credentialsOf is the shared credentials file for a config file: the profiles of ours
// under their bare names, and nothing else. PHP's SDK and minio-go read
// credential_process only there. What other tools wrote into it is left out, because
// keys there come before the profile.
func credentialsOf(config []byte) []byte {
	d := parse(config)
	var out strings.Builder
	for i := range d.lines {
		profile, isHeader := header(d.lines[i])
		if !isHeader || profile == "" {
			continue
		}
		section := d.lines[i+1 : d.section(i)]
		if !slices.ContainsFunc(section, func(line string) bool { return runs(line, "") }) {
			continue
		}
		out.WriteString("[" + profile + "]\n")
		for _, line := range section {
			if k := key(line); k == processKey || k == "region" {
				out.WriteString(strings.TrimRight(line, "\r\n") + "\n")
			}
		}
	}
	return []byte(out.String())
}

// document is a config file as lines, each with its line ending, so that what is
// not edited stays as it is, byte for byte.
type document struct {
	lines []string
	eol   string
}

func parse(text []byte) *document {
	d := &document{lines: slices.Collect(strings.Lines(string(text))), eol: "\n"}
	if len(d.lines) > 0 && strings.HasSuffix(strings.TrimSuffix(d.lines[0], "\n"), "\r") {
		d.eol = "\r\n"
	}
	return d
}

func (d *document) bytes() []byte { return []byte(strings.Join(d.lines, "")) }

// header returns the profile that a line begins a section of. Other sections
// (services, sso-session) have no profile. The forms are those of the AWS SDKs and
// Tools Reference Guide, "Shared config and credentials files".
func header(line string) (profile string, isHeader bool) {
	line = strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(line, "[") {
		return "", false
	}
	inner, _, closed := strings.Cut(line[1:], "]")
	if !closed {
		return "", true
	}
	fields := strings.Fields(inner)
	switch {
	case len(fields) == 1 && fields[0] == "default":
		return "default", true
	case len(fields) == 2 && fields[0] == "profile":
		return strings.Trim(fields[1], `"'`), true
	}
	return "", true
}

// key returns the key that a line sets; continuation lines and comments set none.
func key(line string) string {
	if line == "" || strings.ContainsAny(line[:1], " \t#;[") {
		return ""
	}
	end := strings.IndexAny(line, "=:") // botocore's parser takes both
	return strings.ToLower(strings.TrimSpace(line[:max(end, 0)]))
}

// blank reports whether a line is empty or a comment.
func blank(line string) bool {
	s := strings.TrimSpace(line)
	return s == "" || s[0] == '#' || s[0] == ';'
}

// section returns the bounds of the section whose header is line start: from the
// header up to the last line that sets something. Comments after it belong to what
// follows.
func (d *document) section(start int) (end int) {
	end = start + 1
	for i := start + 1; i < len(d.lines); i++ {
		if _, next := header(d.lines[i]); next {
			break
		}
		if !blank(d.lines[i]) {
			end = i + 1
		}
	}
	return end
}

// upsertSection sets the keys of a profile in every section that it has, because
// parsers differ in which of two counts, and in a new one if it has none.
func upsertSection(text []byte, profile string, settings []setting) []byte {
	d := parse(text)
	found := false
	for i := 0; i < len(d.lines); i++ {
		if p, ok := header(d.lines[i]); ok && p == profile {
			d.setKeys(i, settings)
			found = true
		}
	}
	if !found {
		d.setKeys(d.appendHeader(profile), settings)
	}
	return d.bytes()
}

// setKeys puts the keys at the end of a section: indented lines at its start would
// become a continuation of ours.
func (d *document) setKeys(start int, settings []setting) {
	d.dropKeys(start, settings)
	end := d.section(start)
	d.terminate(end - 1)
	var lines []string
	for _, s := range settings {
		lines = append(lines, s.key+" = "+s.value+d.eol)
	}
	d.lines = slices.Insert(d.lines, end, lines...)
}

// dropKeys removes the lines of a section that set what we set or what outranks it,
// with their continuation lines: those that are indented more than the key before
// them. The first key may be indented (Python's configparser, which botocore uses).
func (d *document) dropKeys(start int, settings []setting) {
	end := d.section(start)
	kept := d.lines[: start+1 : start+1]
	dropping, indent := false, math.MaxInt
	for _, line := range d.lines[start+1 : end] {
		bare := strings.TrimLeft(line, " \t")
		if depth := len(line) - len(bare); depth <= indent && !blank(line) {
			k := key(bare)
			dropping = slices.Contains(outranking, k) || slices.ContainsFunc(settings, func(s setting) bool { return s.key == k })
			if k != "" {
				indent = depth
			}
		}
		if !dropping || blank(line) {
			kept = append(kept, line)
		}
	}
	d.lines = append(kept, d.lines[end:]...)
}

// appendHeader adds the header of a new section, after an empty line if anything
// stands before it.
func (d *document) appendHeader(profile string) int {
	if n := len(d.lines); n > 0 {
		d.terminate(n - 1)
		if strings.TrimSpace(d.lines[n-1]) != "" {
			d.lines = append(d.lines, d.eol)
		}
	}
	name := "[profile " + profile + "]"
	if profile == "default" {
		name = "[default]"
	}
	d.lines = append(d.lines, name+d.eol)
	return len(d.lines) - 1
}

// terminate gives a last line its line ending.
func (d *document) terminate(i int) {
	if !strings.HasSuffix(d.lines[i], "\n") {
		d.lines[i] += d.eol
	}
}

// removeSections removes the sections whose credential process is that of id.
func removeSections(text []byte, id string) []byte {
	d := parse(text)
	for i := 0; i < len(d.lines); i++ {
		if _, ok := header(d.lines[i]); !ok {
			continue
		}
		end := d.section(i)
		if !slices.ContainsFunc(d.lines[i+1:end], func(line string) bool { return runs(line, id) }) {
			continue
		}
		start := i
		if i > 0 && d.empty(i-1) && d.empty(end) {
			start--
		}
		d.lines = slices.Delete(d.lines, start, end)
		i = start - 1
	}
	return d.bytes()
}

// empty reports whether line i is empty or lies past the end.
func (d *document) empty(i int) bool {
	return i >= len(d.lines) || strings.TrimSpace(d.lines[i]) == ""
}

// runs reports whether a line sets the credential process of id, or of any id when
// id is empty.
func runs(line, id string) bool {
	if key(line) != processKey {
		return false
	}
	before, got, ok := cutLast(strings.TrimSpace(line), " credential-process ")
	return ok && ValidID(got) && (id == "" || got == id) && strings.Contains(before, directoryPrefix)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// profiles counts the sections that run a credential process of ours.
func profiles(text []byte) int {
	n := 0
	for line := range strings.Lines(string(text)) {
		if runs(line, "") {
			n++
		}
	}
	return n
}
