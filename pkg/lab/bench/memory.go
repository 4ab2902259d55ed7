package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// memory compares peaks: of the task's program in its richest exchange, and of the
// rivals in their only one, over TLS.
func (b *bench) memory(ctx context.Context) error {
	const budget = 15 << 10 // KiB
	peak, err := b.peak(ctx, command{args: []string{b.bin, "task"}, env: b.environment(b.world, proxied, richest(b.world))})
	if err != nil {
		return err
	}
	b.add(row{what: "peak memory: this task, TLS, Entra, second role, claims", median: mib(peak), budget: mib(budget), verdict: verdict(peak <= budget)})
	for _, r := range b.rivals {
		other, err := b.peak(ctx, b.exchange(r, transports[1]))
		if err != nil {
			return err
		}
		b.add(row{what: "peak memory: " + r.name, median: mib(other), beside: fmt.Sprintf("%.1f × this task", float64(other)/float64(peak))})
	}
	return nil
}

func mib(kib int64) string { return fmt.Sprintf("%.1f MiB", float64(kib)/1024) }

// peak runs a command and looks all the while at the high-water mark of each of its
// processes; it returns the largest, in KiB, or 0 where the system does not tell. What
// the kernel reports of a finished process would not do: it counts the parent's memory
// before exec, too.
func (b *bench) peak(ctx context.Context, c command) (int64, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, b.log, b.log
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting %s: %w", filepath.Base(c.args[0]), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var peak int64
	for {
		select {
		case err := <-ended:
			return peak, err
		case <-tick.C:
			peak = max(peak, highWater(cmd.Process.Pid))
		}
	}
}

// highWater is the peak resident size of a live process or the largest of its
// descendants, in KiB.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	_, _ = fmt.Sscan(after, &kib) // 0 when there is no such line
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for field := range strings.FieldsSeq(string(children)) {
		var child int
		if _, err := fmt.Sscan(field, &child); err == nil {
			kib = max(kib, highWater(child))
		}
	}
	return kib
}
