//go:build mutants

package trustpolicy_test

import (
	"flag"

	_ "pgregory.net/rapid" // which defines the flag
)

// What a mutant fails with is of no interest, and making it smaller takes half a minute.
var _ = flag.Set("rapid.shrinktime", "0s")
