//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

type (
	openedKey struct{}
	opens     struct{}
)

func watchCommand(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("only Linux tells what is opened")
}

func openedCommand(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("only Linux tells what is opened")
}
