// Command release is the packaging tool behind build.sh. It is not shipped.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/release"
)

const usage = `release is the packaging tool behind build.sh.

usage:
  release pack    TFX-VSIX BIN DEFLATED NODE-MODULES VSIX
                                                  make the canonical package
  release extras  BIN NODE-MODULES VERSION DIR     archives, bill of materials, notices, checksums
  release check   VSIX                             verify a package and print its sizes
  release compare VSIX VSIX                        name the parts that differ
  release flags   VSIX                             print the flags it was made with, one a line

BIN is the folder of the binaries, DEFLATED that of their compressed forms (empty: none),
NODE-MODULES that of the packages of package-lock.json.
`

var errUsage = errors.New("usage")

func main() {
	err := run(os.Args[1:])
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	command, args := args[0], args[1:]
	switch {
	case command == "pack" && len(args) == 5:
		return release.Pack(args[0], args[1], args[2], args[3], args[4])
	case command == "extras" && len(args) == 4:
		return release.WriteExtras(args[0], args[1], args[2], args[3])
	case command == "check" && len(args) == 1:
		return release.Check(args[0], os.Stderr)
	case command == "compare" && len(args) == 2:
		return release.Compare(args[0], args[1])
	case command == "flags" && len(args) == 1:
		return printFlags(args[0])
	}
	return errUsage
}

func printFlags(file string) error {
	flags, err := release.Flags(file)
	for _, f := range flags {
		fmt.Println(f)
	}
	return err
}
