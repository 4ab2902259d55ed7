// Package windows shows on a Linux machine, under Wine, what the product does on
// Windows: the tests of the packages, the packed task, real AWS clients with the
// profile, and renewals at once. It holds tests only. What is not installed is named
// and skipped; with CI=true that is a failure.
//
// What Wine lacks and the code relies on is put back by an overlay of the build,
// which never ships: locks that stop reads, and access lists that say whether they
// are protected. docs/platforms.md lists what this proves and what it cannot.
package windows
