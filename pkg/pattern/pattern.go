// Package pattern owns regular expressions that are compiled when they are first
// used. The credential process starts for every tool that asks for credentials
// and needs none of them; compiling them all at start would take longer than the
// rest of its work.
package pattern

import (
	"regexp"
	"sync"
)

// Lazy returns a function that compiles expr once, on its first call. Like
// regexp.MustCompile it panics on a bad expression; a test of each package calls
// every one of its patterns.
func Lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
