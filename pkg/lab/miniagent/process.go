package miniagent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
	line  func(string)
	waits Waits
}

// run starts the process with a closed standard input and two pipes, and returns
// its exit status; -1 tells that a signal ended it. When ctx ends, it signals the
// process alone, not its children: SIGINT, then SIGTERM, then SIGKILL. Output that
// a descendant writes later than HeldPipe after the end is lost
// (src/Agent.Sdk/ProcessInvoker.cs).
func (p process) run(ctx context.Context) (int, error) {
	cmd := exec.Command(p.path, p.args...) // standard input is the null device: at its end at once
	cmd.Dir, cmd.Env = p.dir, p.env
	queue := newQueue(p.line, p.waits.Gather)
	var readers sync.WaitGroup
	stdout, err := attach(&cmd.Stdout, &readers, queue.addOut)
	if err != nil {
		return 0, err
	}
	stderr, err := attach(&cmd.Stderr, &readers, queue.addErr)
	if err != nil {
		stdout.closeAll()
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		stdout.closeAll()
		stderr.closeAll()
		return 0, fmt.Errorf("starting process: %w", err)
	}
	stdout.start()
	stderr.start()
	var pump sync.WaitGroup
	pump.Go(queue.pump)
	ended := make(chan struct{})
	pump.Go(func() { p.cancel(ctx, cmd.Process, ended) })
	err = cmd.Wait()
	close(ended)
	awaitAtMost(&readers, p.waits.HeldPipe)
	stdout.stop()
	stderr.stop()
	readers.Wait()
	queue.close()
	pump.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func awaitAtMost(group *sync.WaitGroup, limit time.Duration) {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
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
	}{{os.Interrupt, p.waits.Sigint}, {syscall.SIGTERM, p.waits.Sigterm}, {os.Kill, 0}} {
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
