// Command bench measures the packed extension against its budgets of speed and
// size. It is not shipped.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/bench"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: bench FILE.vsix")
		os.Exit(2)
	}
	if err := bench.Run(context.Background(), os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
