package bench

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// taskFolder is where the task lies in the package.
const taskFolder = "task/"

// extract unpacks the task as an agent does: every mode is lost.
func (b *bench) extract() error {
	r, err := zip.OpenReader(b.vsix)
	if err != nil {
		return fmt.Errorf("opening package: %w", err)
	}
	defer func() { _ = r.Close() }()
	for _, f := range r.File {
		name, ok := strings.CutPrefix(f.Name, taskFolder)
		if !ok || !filepath.IsLocal(name) || strings.HasSuffix(name, "/") {
			continue
		}
		if err := copyOut(f, filepath.Join(b.task, name)); err != nil {
			return fmt.Errorf("extracting %s: %w", f.Name, err)
		}
	}
	found, err := filepath.Glob(filepath.Join(b.task, "bin", "assume-aws-role-"+runtime.GOOS+"-"+runtime.GOARCH+".*"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("the package has no binary for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	b.bin = found[0]
	return os.Chmod(b.bin, 0o755)
}

func copyOut(f *zip.File, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// timing is one finished process.
type timing struct {
	wall time.Duration
	// peak is the largest resident size that was seen, in KiB; only watched runs
	// have it.
	peak int64
}

// once runs a process and wants it to end well.
func once(ctx context.Context, env []string, name string, args ...string) (timing, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	begin := time.Now()
	err := cmd.Run()
	t := timing{wall: time.Since(begin)}
	if err != nil {
		return t, fmt.Errorf("running %s: %w: %s", filepath.Base(name), err, errs.String())
	}
	return t, nil
}

// watched runs a process and looks at its high-water mark all the while. What the
// kernel reports of a finished process would not do: it counts the parent's memory
// before exec, too.
func watched(ctx context.Context, env []string, name string, args ...string) (timing, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		return timing{}, fmt.Errorf("starting %s: %w", filepath.Base(name), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var t timing
	for {
		select {
		case err := <-ended:
			return t, err
		case <-tick.C:
			t.peak = max(t.peak, highWater(cmd.Process.Pid))
		}
	}
}

// highWater reads the peak resident size of a live process, in KiB; 0 where the
// system does not tell.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	_, _ = fmt.Sscan(after, &kib) // 0 when there is no such line
	return kib
}

// pairs runs two commands in turn, so that a change of the machine's speed hits
// both, and returns their medians.
func pairs(ctx context.Context, runs int, env []string, a, b []string) (medianA, medianB time.Duration, err error) {
	var as, bs []time.Duration
	for i := range runs + 1 {
		ta, err := once(ctx, env, a[0], a[1:]...)
		if err != nil {
			return 0, 0, err
		}
		tb, err := once(ctx, env, b[0], b[1:]...)
		if err != nil {
			return 0, 0, err
		}
		if i > 0 { // the first pair warms caches up
			as, bs = append(as, ta.wall), append(bs, tb.wall)
		}
	}
	return median(as), median(bs), nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
