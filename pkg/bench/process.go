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
	// peak is the largest resident size, in KiB.
	peak int64
	out  string
}

// once runs a process and wants it to end well.
func once(ctx context.Context, env []string, name string, args ...string) (timing, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	err := cmd.Run()
	t := timing{wall: time.Since(begin), out: out.String(), peak: peak(cmd.ProcessState)}
	if err != nil {
		return t, fmt.Errorf("running %s: %w: %s", filepath.Base(name), err, errs.String())
	}
	return t, nil
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
