// Package vso owns the Azure Pipelines logging commands: their values, their
// escaping, and the one writer through which a step may speak.
//
// The agent reads commands from both streams of a task, delivers standard error
// before standard output within a batch, and masks a line only when the secret
// was registered on an earlier line of the same stream. So everything goes
// through one Writer to one stream, and a secret leaves only after its mask.
package vso

import (
	"slices"
	"strings"
)

// prefix starts a logging command; the agent finds it anywhere in a line
// (microsoft/azure-pipelines-agent src/Microsoft.VisualStudio.Services.Agent/Command.cs).
const prefix = "##vso["

// property is one key=value of a command. The agent drops properties without a
// value, so an empty one is not written.
type property struct{ key, value string }

// command is one logging command before it is written.
type command struct {
	name  string
	props []property
	data  string
}

// escaper encodes values as the agent decodes them
// (microsoft/azure-pipelines-agent src/Agent.Sdk/CommandStringConvertor.cs).
// A percent sign goes first; %25 is never decoded, %AZP25 is.
type escaper struct {
	// keepPercent is set when percent decoding is switched off; the agent then leaves
	// %AZP25 as it is.
	keepPercent bool
}

// DecodesPercents reports whether the agent decodes %AZP25, by the environment of a step.
// The variable DECODE_PERCENTS of the job, secret or not, or of the agent's environment
// switches it off: 1, true and $true are true, absent and empty too, anything else is
// false (microsoft/azure-pipelines-agent src/Agent.Sdk/Knob/AgentKnobs.cs, DecodePercents,
// and src/Agent.Sdk/Util/StringUtil.cs, ConvertToBoolean).
func DecodesPercents(lookup func(string) (string, bool)) bool {
	value, _ := lookup("SECRET_DECODE_PERCENTS")
	if value == "" {
		value, _ = lookup("DECODE_PERCENTS")
	}
	return slices.Contains([]string{"", "1", "true", "$true"}, strings.ToLower(value))
}

func (e escaper) data(s string) string {
	if !e.keepPercent {
		s = strings.ReplaceAll(s, "%", "%AZP25")
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r", "%0D"), "\n", "%0A")
}

func (e escaper) property(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(e.data(s), ";", "%3B"), "]", "%5D")
}

// expressible tells whether the agent will read s back as it is. Without percent
// decoding, text that looks like one of the four escapes cannot be sent.
func (e escaper) expressible(s string) bool {
	looksEscaped := func(esc string) bool { return strings.Contains(s, esc) }
	return !e.keepPercent || !slices.ContainsFunc([]string{"%3B", "%0D", "%0A", "%5D"}, looksEscaped)
}

func (e escaper) encode(c command) string {
	var b strings.Builder
	b.WriteString(prefix + c.name)
	separator := " "
	for _, p := range c.props {
		if p.value == "" {
			continue
		}
		b.WriteString(separator + p.key + "=" + e.property(p.value))
		separator = ";"
	}
	b.WriteString("]" + e.data(c.data))
	return b.String()
}
