// Command bench measures the packed extension against its budgets of speed and size, and
// beside what a user would use instead. It is not shipped.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	runs := flag.Int("runs", 21, "how often each command runs")
	only := flag.String("only", "", "measure only the parts whose names contain this, such as step")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: bench [--runs N] [--only PART] FILE.vsix, in the root of the repository")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || *runs < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := bench.Run(ctx, bench.Options{VSIX: flag.Arg(0), Source: ".", Runs: *runs, Only: *only}, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
