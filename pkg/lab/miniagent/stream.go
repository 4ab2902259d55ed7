package miniagent

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"
)

// stream is one output pipe of a process.
type stream struct {
	read, write *os.File
	readers     *sync.WaitGroup
	add         func(string)
}

// attach gives a process a pipe. The process gets the file itself, so that waiting
// for it does not wait for others that hold the pipe.
func attach(to *io.Writer, readers *sync.WaitGroup, add func(string)) (stream, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return stream{}, fmt.Errorf("making pipe: %w", err)
	}
	*to = w
	return stream{r, w, readers, add}, nil
}

// start reads lines until the pipe ends or is stopped.
func (s stream) start() {
	_ = s.write.Close()
	s.readers.Go(func() { readLines(s.read, s.add) })
}

func (s stream) stop() { _ = s.read.Close() }

func (s stream) closeAll() {
	_ = s.read.Close()
	_ = s.write.Close()
}

// readLines hands on each line, whatever its length, as .NET reads it: bytes that
// are not UTF-8 become replacement characters.
func readLines(r io.Reader, add func(string)) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), math.MaxInt32)
	s.Split(splitLines)
	for s.Scan() {
		add(strings.ToValidUTF8(s.Text(), "\uFFFD"))
	}
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

// queue collects the lines of both streams and hands them on in the agent's most
// hostile order: of what has piled up, all of standard error first
// (src/Agent.Sdk/ProcessInvoker.cs).
type queue struct {
	mu       sync.Mutex
	out, err []string
	line     func(string)
	gather   time.Duration
	wake     chan struct{}
	closed   chan struct{}
}

func newQueue(line func(string), gather time.Duration) *queue {
	return &queue{line: line, gather: gather, wake: make(chan struct{}, 1), closed: make(chan struct{})}
}

func (q *queue) addOut(text string) { q.add(&q.out, text) }

func (q *queue) addErr(text string) { q.add(&q.err, text) }

func (q *queue) add(to *[]string, text string) {
	q.mu.Lock()
	*to = append(*to, text)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close tells pump that no more lines come.
func (q *queue) close() { close(q.closed) }

// pump hands lines on until the queue is closed and empty.
func (q *queue) pump() {
	for {
		select {
		case <-q.wake:
			q.pileUp()
			q.drain()
		case <-q.closed:
			q.drain()
			return
		}
	}
}

func (q *queue) pileUp() {
	timer := time.NewTimer(q.gather)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.closed:
	}
}

func (q *queue) drain() {
	q.mu.Lock()
	batch := append(q.err, q.out...)
	q.err, q.out = nil, nil
	q.mu.Unlock()
	for _, text := range batch {
		q.line(text)
	}
}
