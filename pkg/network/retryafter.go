package network

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// RetryAfter reads a Retry-After header, in seconds or as a date (RFC 9110 §10.2.3);
// 0 when there is none or it cannot be read.
func RetryAfter(header string, now time.Time) time.Duration {
	// A number out of range comes as the nearest one that is within.
	if s, err := strconv.Atoi(header); err == nil || errors.Is(err, strconv.ErrRange) {
		const longest = 24 * 3600
		return time.Duration(min(max(s, 0), longest)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
