// Command release is the packaging tool behind build.sh. It is not shipped.
package main

import (
	"fmt"
	"os"
)

const usage = `release is the packaging tool behind build.sh.

usage:
  release stage    --out DIR --page DIR [--publisher P] [--version V] [--dev] [--without A,B]
  release pack     --tfx FILE --bin DIR --notices FILE --out FILE
  release check    FILE.vsix
  release compare  FILE.vsix FILE.vsix
  release flags    FILE.vsix
  release extras   --bin DIR --version V --out DIR
  release notices  --bin DIR --out FILE
  release icons    --out DIR
  release sizes    --bin DIR FILE.vsix
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	command, ok := commands[os.Args[1]]
	if !ok {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err := command(os.Args[2:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "release %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
