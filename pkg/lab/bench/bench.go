// Package bench owns the measurements behind the budgets of speed and size: whole
// processes of the packed extension against the stand-ins on loopback, medians of
// several runs. It judges nothing; it prints what was measured beside the budget.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// row is one line of the table.
type row struct{ what, budget, measured string }

// bench is one run of all measurements.
type bench struct {
	dir  string // scratch directory
	task string // extracted task
	bin  string // this platform's binary
	vsix string
	rows []row
}

func (b *bench) add(what, budget, format string, args ...any) {
	b.rows = append(b.rows, row{what, budget, fmt.Sprintf(format, args...)})
}

// Run measures the packed extension in the file vsix and writes the table.
func Run(ctx context.Context, vsix string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return fmt.Errorf("making scratch directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{dir: dir, vsix: vsix, task: filepath.Join(dir, "task")}
	if err := b.extract(); err != nil {
		return err
	}
	for _, measure := range []func(context.Context) error{b.step, b.roundTrips, b.profile, b.memory, b.permanent, b.sizes} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	return b.print(out)
}

func (b *bench) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tbudget\tmeasured")
	for _, r := range b.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.what, r.budget, r.measured)
	}
	return w.Flush()
}

// inputs are those of the minimal step.
func inputs(s *sandbox.Sandbox) map[string]string {
	conn, _ := s.Config().Connection("aws-prod")
	return map[string]string{
		"INPUT_SERVICECONNECTION": conn.ID, "INPUT_REGION": "eu-west-1",
		"INPUT_ROLEARN": "arn:aws:iam::111122223333:role/deploy",
	}
}

// environment is that of a task process, with the given inputs over the minimal ones.
func (b *bench) environment(s *sandbox.Sandbox, o sandbox.EnvOptions, extra map[string]string) []string {
	o.TempDirectory = b.dir
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir}
	for _, m := range []map[string]string{s.Environment(o), inputs(s), extra} {
		for k, v := range m {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// step compares the whole step with Node's own start.
func (b *bench) step(ctx context.Context) error {
	s, err := sandbox.New(sandbox.Default())
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	defer s.Close()
	env := b.environment(s, sandbox.EnvOptions{}, nil)
	const runs = 21
	node, step, err := pairs(ctx, runs, env, []string{"node", "-e", "0"}, []string{"node", filepath.Join(b.task, "index.js")})
	if err != nil {
		return err
	}
	if v := s.Violations(); len(v) > 0 {
		return errors.New("the stand-ins saw violations: " + v[0])
	}
	b.add("whole step, loopback, plain http", "node start + 20 ms", "%s (node %s, difference %s)", ms(step), ms(node), ms(step-node))
	return nil
}

// roundTrips counts them on the critical path by the time they take at a long
// round-trip time. Everything passes the stand-in proxy, whose CONNECT stands for
// the TCP handshake of a direct connection.
func (b *bench) roundTrips(ctx context.Context) error {
	const rtt = 200 * time.Millisecond
	cfg := sandbox.Default()
	cfg.RoundTripMillis = int(rtt.Milliseconds())
	s, err := sandbox.New(cfg)
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	defer s.Close()
	azure, _ := cfg.Connection("azure-prod")
	entra := map[string]string{
		"INPUT_CONNECTIONTYPE": "azureResourceManager", "INPUT_AZURESERVICECONNECTION": azure.ID, "INPUT_ENTRAAUDIENCE": "api://aws-sts-federation",
	}
	chain := map[string]string{"INPUT_CHAINROLEARN": "arn:aws:iam::111122223333:role/second"}
	both := map[string]string{"INPUT_CHAINROLEARN": chain["INPUT_CHAINROLEARN"]}
	for k, v := range entra {
		both[k] = v
	}
	for _, c := range []struct {
		what, budget string
		inputs       map[string]string
	}{
		{"one role", "4", nil},
		{"with requiredClaims", "4", map[string]string{"INPUT_REQUIREDCLAIMS": "rpo_ref = refs/heads/*"}},
		{"second role", "5", chain},
		{"Entra exchange", "5", entra},
		{"Entra exchange and second role", "6", both},
	} {
		t, err := once(ctx, b.environment(s, sandbox.EnvOptions{TLS: true}, c.inputs), b.bin, "task")
		if err != nil {
			return err
		}
		b.add("round trips, TLS 1.3, cold: "+c.what, c.budget, "%d (%s at %s each)", int(t.wall/rtt), ms(t.wall), ms(rtt))
	}
	return nil
}

// permanent times a refusal that shows in the first answer.
func (b *bench) permanent(ctx context.Context) error {
	s, err := sandbox.New(sandbox.Default())
	if err != nil {
		return fmt.Errorf("starting sandbox: %w", err)
	}
	defer s.Close()
	for _, c := range []struct{ what, fault string }{
		{"token endpoint 401", "ado:status=401"}, {"token endpoint 404", "ado:status=404"}, {"AccessDenied", "sts:status=403,code=AccessDenied,message=no"},
	} {
		s.Reset()
		if err := s.SetFaults(c.fault); err != nil {
			return fmt.Errorf("setting fault: %w", err)
		}
		t, err := once(ctx, b.environment(s, sandbox.EnvOptions{}, nil), b.bin, "task")
		if err != nil {
			return err
		}
		b.add("permanent error: "+c.what, "0.1 s, no retry", "%s, %d + %d requests", ms(t.wall), len(s.Requests(sandbox.LegADO)), len(s.Requests(sandbox.LegSTS)))
	}
	return nil
}

// sizes are those of the package and of its largest binary.
func (b *bench) sizes(context.Context) error {
	info, err := os.Stat(b.vsix)
	if err != nil {
		return fmt.Errorf("reading size: %w", err)
	}
	b.add("VSIX with six platforms", "16 MB", "%.2f MB", float64(info.Size())/1e6)
	files, err := filepath.Glob(filepath.Join(b.task, "bin", "assume-aws-role-*"))
	if err != nil {
		return fmt.Errorf("listing binaries: %w", err)
	}
	largest, name := int64(0), ""
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() > largest {
			largest, name = info.Size(), filepath.Base(f)
		}
	}
	b.add("largest binary", "8 MB", "%.2f MB (%s)", float64(largest)/1e6, name)
	return nil
}
