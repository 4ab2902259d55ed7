// Package bench owns the measurements behind the budgets of speed and size: whole
// processes of the packed extension, and what a user would use instead, against the same
// stand-ins on loopback. What is compared runs in turn, so that a change of the machine's
// speed hits all of it, and medians of many runs are printed with their quartiles.
//
// It judges times only in what it prints. The budgets that do not depend on the machine
// (round trips, requests, sizes, allocations, files) are tests of this package.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// Options say what is measured.
type Options struct {
	// VSIX is the packed extension.
	VSIX string
	// Source is the root of the repository, which holds the programs to compare with.
	Source string
	// Runs is how often each command runs. Fewer than 21 do for a try only.
	Runs int
	// Only, when set, leaves out the parts whose names do not contain it.
	Only string
}

// bench is one run of all measurements.
type bench struct {
	Options
	dir    string // scratch directory
	task   string // extracted task
	bin    string // this platform's binary
	node   string
	log    *os.File // what the programs print
	world  *sandbox.Sandbox
	rivals []rival
	table
}

// Run measures and writes the table to out. What it is doing goes to progress, because
// the whole takes minutes.
func Run(ctx context.Context, o Options, out, progress io.Writer) error {
	b := &bench{Options: o}
	err := b.prepare(ctx)
	defer b.close()
	if err != nil {
		return err
	}
	before := load()
	for _, part := range []struct {
		what    string
		measure func(context.Context) error
	}{
		{"the whole step", b.steps},
		{"parts of the step", b.parts},
		{"many jobs at once", b.crowds},
		{"growth", b.growth},
		{"credential-process", b.profile},
		{"memory", b.memory},
		{"round trips", b.trips},
		{"permanent errors", b.permanent},
		{"a fresh agent", b.fresh},
	} {
		if !strings.Contains(part.what, o.Only) {
			continue
		}
		fmt.Fprintln(progress, "bench:", part.what)
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.what, err)
		}
	}
	fmt.Fprintf(out, "%s/%s, %d processors, load %s before and %s after; %d runs of each, in turn; medians and quartiles\n\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), before, load(), o.Runs)
	return b.print(out)
}

// load is the system's load average over a minute, in words where there is none.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func (b *bench) prepare(ctx context.Context) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return fmt.Errorf("making scratch directory: %w", err)
	}
	if b.log, err = os.Create(filepath.Join(b.dir, "log")); err != nil {
		return fmt.Errorf("making log of the programs: %w", err)
	}
	if b.node, err = exec.LookPath("node"); err != nil {
		return fmt.Errorf("looking for node: %w", err)
	}
	b.task = filepath.Join(b.dir, "task")
	if err := extract(b.VSIX, b.task); err != nil {
		return err
	}
	if b.bin, err = hostBinary(b.task); err != nil {
		return err
	}
	if err := os.Chmod(b.bin, 0o755); err != nil {
		return fmt.Errorf("making the program executable: %w", err)
	}
	cfg := sandbox.Default()
	cfg.UserAgent = "." // others than the task are asked to come
	if b.world, err = sandbox.New(cfg); err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	b.rivals, err = b.findRivals(ctx)
	return err
}

func (b *bench) close() {
	if b.world != nil {
		b.world.Close()
	}
	if b.log != nil {
		_ = b.log.Close()
	}
	_ = os.RemoveAll(b.dir)
}
