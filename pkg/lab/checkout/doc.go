// Package checkout holds the tests of the checkout as a whole: what build.sh says, that
// two builds give the same bytes, and that fuzzing finds nothing.
package checkout
