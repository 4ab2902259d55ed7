package docs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
)

// stubLog names the file to which a stub writes how it was called; a test binary
// that finds it set is such a stub.
const stubLog = "AAR_DOCS_STUB_LOG"

// TestMain makes this binary a stand-in for the programs that the pages call, when
// it is started under their names.
func TestMain(m *testing.M) {
	if log := os.Getenv(stubLog); log != "" {
		os.Exit(stub(log))
	}
	os.Exit(m.Run())
}

// call is one start of a stub.
type call struct {
	Program string
	Args    []string
}

// stub notes how it was called. Unless it is about IAM, it then does what makes a
// recipe work at all: it finds credentials as AWS tools do, and uses them.
func stub(log string) int {
	c := call{filepath.Base(os.Args[0]), os.Args[1:]}
	line, err := json.Marshal(c)
	if err != nil {
		return 1
	}
	file, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	_, err = file.Write(append(line, '\n'))
	if err = cmp.Or(err, file.Close()); err != nil {
		fmt.Fprintln(os.Stderr, c.Program, err)
		return 1
	}
	if c.iam() {
		return 0
	}
	return miniagent.CallIdentity(context.Background(), os.LookupEnv, os.Stdout, os.Stderr)
}

// iam reports whether the AWS CLI was asked to change IAM, as an administrator does
// on a computer of their own.
func (c call) iam() bool { return c.Program == "aws" && len(c.Args) > 0 && c.Args[0] == "iam" }

// flag is the value after a flag.
func (c call) flag(name string) string {
	if i := slices.Index(c.Args, name); i >= 0 && i+1 < len(c.Args) {
		return c.Args[i+1]
	}
	return ""
}
