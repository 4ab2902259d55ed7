// Package arm64 shows under QEMU that the packed task works on linux/arm64: the program
// and the launcher with Node for arm64, in every test run; the tests of all packages with
// ./build.sh test --full. It holds tests only. What is not installed is named and
// skipped; with CI=true that is a failure.
package arm64
