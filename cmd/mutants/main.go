// Command mutants reports which small faults in the code its tests do not notice, and fails
// when they are too many. It is not shipped.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/mutants"
)

func main() {
	gremlins := flag.String("gremlins", "gremlins", "the `program`")
	workers := flag.Int("workers", 2, "`mutants` tried at once")
	flag.Parse()
	trial := mutants.Trial{Gremlins: *gremlins, Root: ".", Workers: *workers}
	if err := trial.Run(context.Background(), flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}
