package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/release"
)

// fresh is what an agent pays once, and the sizes behind it.
func (b *bench) fresh(ctx context.Context) error {
	size, err := taskBytes(b.VSIX)
	if err != nil {
		return err
	}
	var unzip, first sample
	for range b.Runs {
		took, ran, err := b.firstRun(ctx)
		if err != nil {
			return err
		}
		unzip, first = append(unzip, took), append(first, ran)
	}
	b.add(row{
		what: "a fresh agent: download, unzip, first run", median: fmt.Sprintf("%s, %s, %s", mb(size), ms(unzip.median()), ms(first.median())),
		budget: mb(release.MaxTask), verdict: verdict(size <= release.MaxTask),
	})
	return b.sizes()
}

// firstRun extracts the task anew and runs it as it lies there, without execute bits.
func (b *bench) firstRun(ctx context.Context) (unzip, first time.Duration, err error) {
	dir := filepath.Join(b.dir, "fresh")
	begin := time.Now()
	if err := extract(b.VSIX, dir); err != nil {
		return 0, 0, err
	}
	unzip = time.Since(begin)
	step := b.step(transports[0])
	step.args = []string{b.node, filepath.Join(dir, "index.js")}
	took, err := b.alone(step)(ctx)
	if err != nil {
		return 0, 0, err
	}
	return unzip, took[0], os.RemoveAll(dir)
}

// sizes are those of the package and of its largest binary.
func (b *bench) sizes() error {
	info, err := os.Stat(b.VSIX)
	if err != nil {
		return fmt.Errorf("reading size: %w", err)
	}
	b.add(row{what: "VSIX with six platforms", median: mb(info.Size()), budget: mb(release.MaxPackage), verdict: verdict(info.Size() <= release.MaxPackage)})
	largest, name := int64(0), ""
	for _, p := range release.Platforms() {
		info, err := os.Stat(filepath.Join(b.task, "bin", p.File()))
		if err != nil {
			return fmt.Errorf("reading size: %w", err)
		}
		if info.Size() > largest {
			largest, name = info.Size(), p.Key()
		}
	}
	b.add(row{what: "largest binary, " + name, median: mb(largest), budget: mb(release.MaxBinary), verdict: verdict(largest <= release.MaxBinary)})
	return nil
}

func mb(bytes int64) string { return fmt.Sprintf("%.2f MB", float64(bytes)/1e6) }
