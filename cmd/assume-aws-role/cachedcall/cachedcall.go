// Package cachedcall answers a call of credential-process from the profile's cache
// before the rest of the program is initialised. SDKs call for every command they
// run, and the packages that only a renewal needs would take longer to set
// themselves up than the whole answer takes.
//
// Packages are initialised in the order of their import paths, as far as their
// imports allow (The Go Programming Language Specification, "Program
// initialization"). This one imports little, and its path comes before those of the
// AWS SDK and of net. Whatever it leaves unanswered, main answers: nothing but time
// depends on the order.
package cachedcall

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/vso"
)

func init() {
	if len(os.Args) != 3 || os.Args[1] != "credential-process" {
		return
	}
	executable, err := os.Executable()
	if err != nil {
		return
	}
	answered, err := awsprofile.ServeCached(awsprofile.ServeOptions{
		Dir: filepath.Dir(executable), ID: os.Args[2], Stdout: os.Stdout, Now: time.Now,
	})
	if f, failed := fault.As(err); failed {
		// A second try of main's could add to half a document.
		fmt.Fprintln(os.Stderr, "assume-aws-role: "+vso.Neutralise(f.Message()))
		os.Exit(1)
	}
	if answered {
		os.Exit(0)
	}
}
