package vso

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// ErrInexpressible is returned for a value that no logging command can carry unharmed:
// one with a line break, text that looks escaped while the pipeline has switched percent
// decoding off, and what the Set methods refuse besides.
var ErrInexpressible = errors.New("value cannot be written as a logging command")

// IssueType is the kind of an issue on the step's record.
type IssueType string

// The two kinds of issue that the agent knows.
const (
	IssueError   IssueType = "error"
	IssueWarning IssueType = "warning"
)

// Result is a step's outcome, in the agent's exact spelling; it parses the name
// case-sensitively (microsoft/azure-pipelines-agent src/Agent.Worker/TaskCommandExtension.cs).
type Result string

// Failed is the one outcome this task reports; a step that says nothing has succeeded.
const Failed Result = "Failed"

// Writer writes text lines and logging commands to one stream, a whole line in
// each write, safe for concurrent use.
type Writer struct {
	mu     sync.Mutex
	out    io.Writer
	esc    escaper
	masked map[string]bool
	err    error
}

// NewWriter returns a Writer for a task's standard output. decodePercents is
// what DecodesPercents says of the job.
func NewWriter(out io.Writer, decodePercents bool) *Writer {
	return &Writer{out: out, esc: escaper{keepPercent: !decodePercents}, masked: map[string]bool{}}
}

// Err is the first error of the underlying stream; later writes are dropped.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Print writes lines of text. Text may come from outside: line breaks start a
// new line, control characters are dropped, and nothing in it can be read as a
// command or as a formatting tag.
func (w *Writer) Print(lines ...string) {
	for _, line := range lines {
		for part := range strings.SplitSeq(Neutralise(line), "\n") {
			w.write(part)
		}
	}
}

// Debug writes a line that shows only when system.debug is true.
func (w *Writer) Debug(text string) { w.send(command{name: "task.debug", data: Neutralise(text)}) }

// Mask registers v, and each line of it, with the agent's masker. Values shorter
// than six characters are not registered: they would shred the log.
func (w *Writer) Mask(v secret.Value) {
	whole := v.Reveal()
	for line := range strings.SplitSeq(strings.ReplaceAll(whole, "\r", "\n"), "\n") {
		w.maskText(line)
	}
}

func (w *Writer) maskText(s string) {
	const shortest = 6
	if len(strings.TrimSpace(s)) < shortest {
		return
	}
	w.mu.Lock()
	seen := w.masked[s]
	w.masked[s] = true
	w.mu.Unlock()
	if !seen {
		w.send(command{name: "task.setsecret", data: s})
	}
}

// SetSecretVariable sets a secret job variable; the mask goes first. So does that of the
// escaped form: where the agent cannot obey, as for a read-only name, it prints the line.
func (w *Writer) SetSecretVariable(name string, v secret.Value) error {
	if strings.ContainsAny(v.Reveal(), "\r\n") || !w.esc.expressible(v.Reveal()) {
		return ErrInexpressible
	}
	w.Mask(v)
	w.Mask(secret.New(w.esc.data(v.Reveal())))
	w.send(command{"task.setvariable", []property{{"variable", name}, {"issecret", "true"}}, v.Reveal()})
	return nil
}

// Expressible tells whether a secret can be exported by SetSecretVariable.
func (w *Writer) Expressible(v secret.Value) bool {
	return !strings.ContainsAny(v.Reveal(), "\r\n") && w.esc.expressible(v.Reveal())
}

// SetVariable sets a plain job variable, which later steps get as an environment
// variable. It refuses a value that the agent would expand or split: one holding
// "$(", CR or LF.
func (w *Writer) SetVariable(name, value string) error {
	return w.setPlain(name, value, property{})
}

// SetOutput sets an output variable on the step's reference name, under the same
// rule as SetVariable. A value may come from outside: one with a command in it is refused,
// because a script that prints the variable would issue it.
func (w *Writer) SetOutput(name, value string) error {
	if breakTags(value) != value {
		return ErrInexpressible
	}
	return w.setPlain(name, value, property{"isoutput", "true"})
}

// Settable reports whether SetVariable accepts a value.
func (w *Writer) Settable(value string) bool {
	return !strings.Contains(value, "$(") && !strings.ContainsAny(value, "\r\n") && w.esc.expressible(value)
}

func (w *Writer) setPlain(name, value string, extra property) error {
	if !w.Settable(value) {
		return ErrInexpressible
	}
	w.send(command{"task.setvariable", []property{{"variable", name}, extra}, value})
	return nil
}

// SetTaskVariable sets a variable that only this step's other parts see.
func (w *Writer) SetTaskVariable(name, value string) {
	w.send(command{"task.settaskvariable", []property{{"variable", name}}, value})
}

// LogIssue adds an error or a warning to the step's record. The agent does not
// mask the code; it must be one of our own.
func (w *Writer) LogIssue(kind IssueType, code, message string) {
	w.send(command{"task.logissue", []property{{"type", string(kind)}, {"code", code}}, Neutralise(message)})
}

// Complete reports the step's outcome. The agent merges the worst outcome, so it
// is said once, last.
func (w *Writer) Complete(result Result) {
	w.send(command{"task.complete", []property{{"result", string(result)}}, ""})
}

func (w *Writer) send(c command) { w.write(w.esc.encode(c)) }

func (w *Writer) write(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	_, w.err = w.out.Write(slices.Concat([]byte(line), []byte("\n")))
}
