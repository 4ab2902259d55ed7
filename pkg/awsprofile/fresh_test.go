package awsprofile

import (
	"testing"
	"time"
)

// A state whose end lies before its beginning has a negative lifetime, and a third
// of that is a threshold that credentials past their end would pass.
func TestFreshNeverPastTheEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name            string
		issued, expires time.Duration
		want            bool
	}{
		{"half of an hour left", -30 * time.Minute, 30 * time.Minute, true},
		{"within the renewal window", -50 * time.Minute, 10 * time.Minute, false},
		{"ended before it was issued, clock set back", 5 * time.Minute, -time.Minute, false},
		{"ends now", 5 * time.Minute, 0, false},
	} {
		s := &state{Issued: now.Add(tt.issued), Expires: now.Add(tt.expires)}
		if got := s.fresh(now); got != tt.want {
			t.Errorf("%s: fresh = %v, want %v", tt.name, got, tt.want)
		}
	}
}
