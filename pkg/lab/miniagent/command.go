package miniagent

import (
	"errors"
	"strings"
)

// command is a logging command as the agent parses it
// (microsoft/azure-pipelines-agent src/Microsoft.VisualStudio.Services.Agent/Command.cs).
type command struct {
	area, event string
	props       map[string]string
	data        string
	// escaped is the data as it stood in the line.
	escaped string
}

const commandPrefix = "##vso["

// errNoCommand marks a line that has the prefix but does not parse.
var errNoCommand = errors.New("not a logging command")

// parseCommand finds a command anywhere in a line. ok is false when the line has
// none; the error says that it looks like one but is none.
func parseCommand(line string, decodePercents bool) (c command, ok bool, err error) {
	at := strings.Index(line, commandPrefix)
	if at < 0 {
		if strings.Contains(line, "##vso") {
			return c, false, errNoCommand
		}
		return c, false, nil
	}
	rest := line[at+len(commandPrefix):]
	info, data, closed := strings.Cut(rest, "]")
	if !closed {
		return c, false, errNoCommand
	}
	name, props, _ := strings.Cut(info, " ")
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '.' })
	if len(parts) != 2 {
		return c, false, errNoCommand
	}
	c = command{area: strings.ToLower(parts[0]), event: strings.ToLower(parts[1]), props: map[string]string{}}
	for prop := range strings.SplitSeq(props, ";") {
		key, value, _ := strings.Cut(prop, "=")
		if key != "" && value != "" {
			c.props[strings.ToLower(key)] = unescape(value, decodePercents)
		}
	}
	c.escaped, c.data = data, unescape(data, decodePercents)
	return c, true, nil
}

// unescape decodes in the agent's order: the percent sign last, so that an escaped
// escape survives (src/Agent.Sdk/CommandStringConvertor.cs).
func unescape(s string, decodePercents bool) string {
	for _, pair := range [][2]string{{"%3B", ";"}, {"%0D", "\r"}, {"%0A", "\n"}, {"%5D", "]"}} {
		s = strings.ReplaceAll(s, pair[0], pair[1])
	}
	if decodePercents {
		s = strings.ReplaceAll(s, "%AZP25", "%")
	}
	return s
}
