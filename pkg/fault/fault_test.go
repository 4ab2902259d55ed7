package fault

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestOf finds a fault in a chain, and makes one of any other error.
func TestOf(t *testing.T) {
	t.Parallel()
	f := &Fault{Code: Input, Cause: io.EOF}
	if got := Of(fmt.Errorf("around: %w", f), "x"); got != f {
		t.Errorf("the fault in the chain is not found: %v", got)
	}
	if !errors.Is(f, io.EOF) {
		t.Error("the cause of a fault is not in its chain")
	}
	if got := Of(io.EOF, "what"); got.Error() != "AAR-INTERNAL: what" || !errors.Is(got, io.EOF) {
		t.Errorf("another error became %v", got)
	}
}

// TestLines: the last of many lines counts the rest, so that there are never more than 50.
func TestLines(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "a", 50: strings.Repeat("a\n     ", 49) + "a", 51: strings.Repeat("a\n     ", 49) + "and 2 more"} {
		if got := Lines(strings.Split(strings.Repeat("a", n), "")); got != want {
			t.Errorf("%d lines: %q, want %q", n, got, want)
		}
	}
}
