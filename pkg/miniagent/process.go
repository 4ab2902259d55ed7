package miniagent

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// process is one child of the agent.
type process struct {
	path string
	args []string
	dir  string
	env  []string
	// line receives every line of output, one at a time.
	line func(string)
	// sigint and sigterm are the waits of the cancel ladder.
	sigint, sigterm time.Duration
}

// heldPipe is how long the agent waits for output after a process has ended while
// something still holds its pipes (src/Agent.Sdk/ProcessInvoker.cs).
const heldPipe = 5 * time.Second

// run starts the process with a closed standard input and two pipes, and returns
// its exit status. When ctx ends, it signals the process alone, not its children:
// SIGINT, then SIGTERM, then SIGKILL.
func (p process) run(ctx context.Context) (int, error) {
	cmd := exec.Command(p.path, p.args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	queue := newQueue(p.line)
	var readers sync.WaitGroup
	readers.Go(func() { queue.read(stderr, true) })
	readers.Go(func() { queue.read(stdout, false) })
	ended := make(chan struct{})
	go p.cancel(ctx, cmd.Process, ended)
	waitFor(&readers, func() bool { return exited(cmd.Process) })
	err = cmd.Wait()
	close(ended)
	queue.drain()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// waitFor waits for the readers; once the process has ended, at most heldPipe more.
func waitFor(readers *sync.WaitGroup, gone func() bool) {
	done := make(chan struct{})
	go func() {
		readers.Wait()
		close(done)
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var deadline time.Time
	for {
		select {
		case <-done:
			return
		case now := <-tick.C:
			if deadline.IsZero() && gone() {
				deadline = now.Add(heldPipe)
			}
			if !deadline.IsZero() && now.After(deadline) {
				return
			}
		}
	}
}

// exited tells whether a process has ended, without reaping it.
func exited(p *os.Process) bool {
	state, err := os.ReadFile("/proc/" + strconv.Itoa(p.Pid) + "/stat")
	if err != nil {
		return true
	}
	for i, b := range state {
		if b == ')' && i+2 < len(state) {
			return state[i+2] == 'Z'
		}
	}
	return false
}

func (p process) cancel(ctx context.Context, child *os.Process, ended <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-ended:
		return
	}
	for _, rung := range []struct {
		signal os.Signal
		wait   time.Duration
	}{{os.Interrupt, p.sigint}, {syscall.SIGTERM, p.sigterm}, {os.Kill, 0}} {
		if child.Signal(rung.signal) != nil {
			return
		}
		timer := time.NewTimer(rung.wait)
		select {
		case <-ended:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// queue collects the lines of both streams and hands them on in the agent's most
// hostile order: of what has piled up, all of standard error first.
type queue struct {
	mu       sync.Mutex
	out, err []string
	line     func(string)
}

func newQueue(line func(string)) *queue { return &queue{line: line} }

func (q *queue) read(r io.Reader, isErr bool) {
	s := bufio.NewScanner(r)
	const longest = 16 << 20
	s.Buffer(make([]byte, 0, 64<<10), longest)
	s.Split(splitLines)
	for s.Scan() {
		q.mu.Lock()
		if isErr {
			q.err = append(q.err, s.Text())
		} else {
			q.out = append(q.out, s.Text())
		}
		q.mu.Unlock()
		q.drain()
	}
}

func (q *queue) drain() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, text := range q.err {
		q.line(text)
	}
	for _, text := range q.out {
		q.line(text)
	}
	q.err, q.out = nil, nil
}

// splitLines ends a line at LF, CR or CRLF, as .NET's ReadLine does.
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	for i, b := range data {
		if b != '\n' && b != '\r' {
			continue
		}
		if b == '\r' && i+1 == len(data) && !atEOF {
			return 0, nil, nil
		}
		if b == '\r' && i+1 < len(data) && data[i+1] == '\n' {
			return i + 2, data[:i], nil
		}
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
