package cli_test

import (
	"fmt"
	"os"
	"testing"
)

// TestMain makes the test's own program answer as the task's does: a step with a profile
// copies the program that it runs in, and starts the copy.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println("assume-aws-role test")
		os.Exit(0)
	}
	os.Exit(m.Run())
}
