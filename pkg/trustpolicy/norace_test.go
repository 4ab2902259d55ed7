//go:build !race

package trustpolicy_test

const raceDetector = false
