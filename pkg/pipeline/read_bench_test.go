package pipeline

import "testing"

// BenchmarkRead reads and checks a minimal step.
func BenchmarkRead(b *testing.B) {
	lookup := environment(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(b.Context(), lookup); err != nil {
			b.Fatal(err)
		}
	}
}
