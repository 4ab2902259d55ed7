// Package errno names the errors of operating systems that this program tells apart.
// Windows has numbers of its own for many of them, and the POSIX names of package
// syscall are inventions of Go there, so comparisons go through these classes alone.
//
// It must not know what an error means to a user; the callers say that.
package errno

import (
	"errors"
	"syscall"
)

// Class is one condition, by all the numbers that this system has for it.
type Class []syscall.Errno

// Has reports whether err is, or wraps, an error of the class.
func (c Class) Has(err error) bool {
	for _, own := range c {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}
