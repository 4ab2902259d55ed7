//go:build !race && !mutants

package trustpolicy_test

// attacks is the number of policies that TestNoPolicyPassesAndAdmitsOthers draws. The
// race detector and the search for mutants that no test notices run it many times slower
// or many times, and draw fewer.
const attacks = 100_000
