package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// inTests are the codes that no script can provoke; TestFailures does.
var inTests = []fault.Code{fault.TokenMalformed, fault.IdentityMismatch, fault.Export, fault.Internal}

// TestEveryCodeIsProvoked looks for each code of the catalogue in the scripts of
// this package and in the launcher's tests.
func TestEveryCodeIsProvoked(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	code := regexp.MustCompile(`AAR(-[A-Z0-9]+)+`)
	for _, pattern := range []string{"testdata/script/*.txtar", "../../pkg/lab/shim/*_test.go", "../../pkg/lab/shim/testdata/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if optional := pattern == "../../pkg/lab/shim/testdata/*"; len(files) == 0 && !optional {
			t.Fatalf("no files match %s", pattern)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // a folder
			}
			for _, c := range code.FindAllString(string(text), -1) {
				said[c] = true
			}
		}
	}
	for _, c := range slices.Sorted(slices.Values(fault.Codes())) {
		if !said[string(c)] && !slices.Contains(inTests, c) {
			t.Errorf("no test provokes %s", c)
		}
	}
}
