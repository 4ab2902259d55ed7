package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// What differs from run to run, and what stands for it in a golden log.
var varying = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "ID"},
	{regexp.MustCompile(`assume-aws-role-[0-9a-f]{8}`), "assume-aws-role-HASH"},
	{regexp.MustCompile(`(request id: )\S+`), "${1}REQUEST"},
	{regexp.MustCompile(`\(in (59m\d\ds|1h0m0s)\)`), "(in 1h0m0s)"},
}

// logCommand writes what standard output says as a reader of the pipeline's log sees it,
// and what the agent is told in brackets: log FILE. Times and ids are normalised.
func logCommand(ts *testscript.TestScript, _ bool, args []string) {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n") {
		lines = append(lines, shown(line)...)
	}
	text := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", ts.Getenv("WORK"), "WORK")
	text = workPath.ReplaceAllStringFunc(text, filepath.ToSlash)
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// workPath matches the paths that differ between systems.
var workPath = regexp.MustCompile(`WORK\S*`)

var command = regexp.MustCompile(`^##vso\[([a-z.]+) ?([^\]]*)\](.*)$`)

// shown is one line of standard output as the log has it.
func shown(line string) []string {
	m := command.FindStringSubmatch(line)
	if m == nil {
		return []string{line}
	}
	name, properties, data := m[1], m[2], decoded(m[3])
	switch name {
	case "task.setsecret":
		return nil
	case "task.logissue":
		kind, _, _ := strings.Cut(strings.TrimPrefix(properties, "type="), ";")
		return strings.Split("##["+kind+"]"+data, "\n")
	case "task.setvariable", "task.settaskvariable":
		if strings.Contains(properties, "issecret=true") {
			data = "***"
		}
		return []string{"[" + strings.TrimPrefix(name, "task.") + " " + properties + " = " + data + "]"}
	}
	return []string{"[" + strings.TrimPrefix(name, "task.") + " " + properties + "]"}
}

// decoded undoes the escapes of a command's data.
func decoded(data string) string {
	return strings.NewReplacer("%0D", "\r", "%0A", "\n", "%AZP25", "%").Replace(data)
}
