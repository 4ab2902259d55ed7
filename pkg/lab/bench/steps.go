package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// What node -e 0 and /bin/true took on the machine for which the budgets were set. A
// slower machine is allowed more in proportion; a faster one is not allowed less.
const (
	nodeWhereSet = 36400 * time.Microsecond
	trueWhereSet = 1500 * time.Microsecond
)

// allowance is a budget on this machine, which needed measured for what took whereSet.
func allowance(budget, measured, whereSet time.Duration) time.Duration {
	if measured <= whereSet {
		return budget
	}
	return time.Duration(float64(budget) * float64(measured) / float64(whereSet))
}

// overNode are the budgets of the whole step above a bare start of Node.
var overNode = map[string]time.Duration{"http": 16 * time.Millisecond, "TLS": 35 * time.Millisecond}

// bareNode starts Node for nothing.
func (b *bench) bareNode() command { return command{args: []string{b.node, "-e", "0"}, env: b.base()} }

// steps compares the whole step with Node's own start and with the rivals.
func (b *bench) steps(ctx context.Context) error {
	for _, t := range transports {
		actions := []action{b.alone(b.bareNode()), b.alone(b.step(t))}
		for _, r := range b.rivals {
			actions = append(actions, b.alone(b.exchange(r, t)))
		}
		samples, err := alternate(ctx, b.Runs, actions...)
		if err != nil {
			return err
		}
		node, task := samples[0], samples[1]
		b.timed(t.name+": node -e 0", node, "")
		b.judgeStep(t, node, task)
		for i, r := range b.rivals {
			b.besideTask(t.name+": ", r, samples[i+2], task)
		}
	}
	return nil
}

func (b *bench) judgeStep(t transport, node, task sample) {
	over := task.over(node).median()
	budget := overNode[t.name]
	allowed := allowance(budget, node.median(), nodeWhereSet)
	b.judged(t.name+": this task, the whole step", task, fmt.Sprintf("node + %s (%.2f of node)", ms(over), float64(over)/float64(node.median())),
		"node + "+budgetText(budget, allowed), over <= allowed)
}

// budgetText is a budget, and what it means on a slower machine.
func budgetText(budget, allowed time.Duration) string {
	if allowed == budget {
		return ms(budget)
	}
	return ms(budget) + ", here " + ms(allowed)
}

// crowds starts many jobs at once. They come after the single ones, which have warmed
// caches up.
func (b *bench) crowds(ctx context.Context) error {
	for _, t := range transports {
		for _, n := range []int{10, 50} {
			if err := b.crowd(ctx, t, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// crowdRounds is how often a crowd comes: each brings the times of all its members.
func (b *bench) crowdRounds(n int) int { return (b.Runs + n - 1) / n }

func (b *bench) crowd(ctx context.Context, t transport, n int) error {
	actions := []action{b.together(b.bareNode(), n), b.together(b.step(t), n)}
	for _, r := range b.rivals {
		actions = append(actions, b.together(b.exchange(r, t), n))
	}
	samples, err := inTurn(ctx, b.crowdRounds(n), actions)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s, %d jobs at once: ", t.name, n)
	node, task := samples[0], samples[1]
	b.timed(what+"node -e 0", node, "")
	b.timed(what+"this task", task, "node + "+ms(task.median()-node.median()))
	for i, r := range b.rivals {
		b.timed(what+r.name, samples[i+2], times(samples[i+2].median(), task.median())+" this task")
	}
	return nil
}

// parts takes the step apart, by what each part adds.
func (b *bench) parts(ctx context.Context) error {
	idle, err := b.idleTask()
	if err != nil {
		return err
	}
	samples, err := alternate(ctx, b.Runs,
		b.alone(b.bareNode()),
		b.alone(command{args: []string{b.node, filepath.Join(idle, "index.js")}, env: b.base()}),
		b.alone(command{args: []string{"true"}, env: b.base()}),
		b.alone(command{args: []string{b.bin, "version"}, env: b.base()}),
		b.alone(b.program(transports[0], nil)),
		b.alone(b.program(transports[1], nil)),
	)
	if err != nil {
		return err
	}
	node, launcher, nothing, start, plain, secure := samples[0], samples[1], samples[2], samples[3], samples[4], samples[5]
	b.timed("part: Node", node, "")
	b.timed("part: launcher", launcher.over(node).over(nothing), "")
	b.timed("part: start of the program", start, "")
	b.timed("part: inputs, requests and exports, http", plain.over(start), "")
	b.timed("part: what TLS adds, certificates included", secure.over(plain), "")
	return nil
}

// idleTask is the task with a program that does nothing.
func (b *bench) idleTask() (string, error) {
	dir := filepath.Join(b.dir, "idle")
	nothing, err := exec.LookPath("true")
	if err != nil {
		return "", fmt.Errorf("looking for a program that does nothing: %w", err)
	}
	if err := os.CopyFS(dir, os.DirFS(b.task)); err != nil {
		return "", fmt.Errorf("copying the task: %w", err)
	}
	program, err := os.ReadFile(nothing)
	if err != nil {
		return "", fmt.Errorf("reading a program that does nothing: %w", err)
	}
	name := filepath.Base(b.bin)
	if err := os.WriteFile(filepath.Join(dir, "bin", name), program, 0o755); err != nil {
		return "", fmt.Errorf("replacing the program: %w", err)
	}
	return dir, resize(filepath.Join(dir, "bin", "manifest.json"), name, len(program))
}

// resize makes the launcher's manifest tell another size of a file.
func resize(manifest, name string, size int) error {
	text, err := os.ReadFile(manifest)
	if err != nil {
		return fmt.Errorf("reading the launcher's manifest: %w", err)
	}
	var entries map[string]map[string]any
	if err := json.Unmarshal(text, &entries); err != nil {
		return fmt.Errorf("reading the launcher's manifest: %w", err)
	}
	for _, entry := range entries {
		if entry["file"] == name {
			entry["size"] = size
		}
	}
	if text, err = json.Marshal(entries); err != nil {
		return fmt.Errorf("changing the launcher's manifest: %w", err)
	}
	return os.WriteFile(manifest, text, 0o600)
}
