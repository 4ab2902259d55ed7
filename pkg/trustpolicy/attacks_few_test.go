//go:build race || mutants

package trustpolicy_test

// attacks is the number of policies that TestNoPolicyPassesAndAdmitsOthers draws.
const attacks = 5_000
