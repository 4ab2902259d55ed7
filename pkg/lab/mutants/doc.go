// Package mutants owns what holds the tests to account: how many small faults in the code
// they notice, package by package, and that a failing check says what broke. The faults
// are those of gremlins (github.com/go-gremlins/gremlins) with its default operators.
//
// A mutant is killed when the package's own tests fail with it, and when they run far
// longer than without it: such a run hangs. A loaded machine can thus only hide a mutant,
// never report one. Where a mutant does not compile, as a difference of strings, gremlins
// counts it as killed.
package mutants
