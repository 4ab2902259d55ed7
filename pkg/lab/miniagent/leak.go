package miniagent

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// shortest is the length below which a secret is not searched for.
const shortest = 8

func holds(line, secret string) bool {
	if len(secret) < shortest {
		return false
	}
	for _, form := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
		if strings.Contains(line, form) {
			return true
		}
	}
	return false
}
