package network

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "x": 0, "1.5": 0, "7": 7 * time.Second,
		"999999999": 24 * time.Hour,
		"86400":     24 * time.Hour, "86401": 24 * time.Hour, "9223372036854775807": 24 * time.Hour,
		"9223372036854775808": 24 * time.Hour, "99999999999999999999": 24 * time.Hour, "-9223372036854775809": 0,
		now.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := RetryAfter(header, now); got != want {
			t.Errorf("RetryAfter(%q) = %v, want %v", header, got, want)
		}
	}
}
