//go:build !windows

package awsprofile

// shortName has nothing to find: only Windows has 8.3 names.
func shortName(string) string { return "" }
