package network

import "testing"

// BenchmarkAuthorities reads what this system has, as a run over TLS does beside its
// connecting.
func BenchmarkAuthorities(b *testing.B) {
	for b.Loop() {
		newAuthorities(Config{}).load(b.Context())
	}
}
