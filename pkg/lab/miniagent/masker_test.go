package miniagent

import "testing"

func TestMask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		secrets []string
		line    string
		want    string
	}{
		{"as it is, each time", []string{"s3cret"}, "a s3cret b s3cret", "a *** b ***"},
		{"JSON form, without Go's escapes for HTML", []string{"a\"b<c>"}, `x a\"b<c> y`, "x *** y"},
		{"URL form", []string{"a b/+="}, "q=a%20b%2F%2B%3D&", "q=***&"},
		{"a form with plus for space is no form", []string{"a b/"}, "a+b%2F", "a+b%2F"},
		{"backslashes undone", []string{`a\\b\tc`}, "a\\b\tc", "***"},
		{"no base64", []string{"s3cret"}, "czNjcmV0", "czNjcmV0"},
		{"no trimmed form", []string{"s3cret\n"}, "s3cret", "s3cret"},
		{"touching hits are one", []string{"abc", "def"}, "-abcdef-", "-***-"},
		{"overlapping hits are one", []string{"abcd", "cdef"}, "abcdef", "***"},
		{"overlapping with itself", []string{"aa"}, "aaa", "***"},
		{"case counts", []string{"abc"}, "ABC", "ABC"},
		{"password of a URL", nil, "http://user:pw@host/ http://u@host", "http://user:***@host/ http://u@host"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMasker()
			for _, s := range tt.secrets {
				m.add(s)
			}
			if got := m.mask(tt.line); got != tt.want {
				t.Errorf("mask(%q) = %q, want %q", tt.line, got, tt.want)
			}
		})
	}
}

func TestMaskInitial(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ secret, line, want string }{
		{"s3cret\n", "s3cret", "***"},
		{"'s3cret'", "s3cret", "***"},
		{"s3cret", "czNjcmV0", "***"},
		{"a%b\n", "a%AZP25b%0A", "***"},
		{"", "nothing", "nothing"},
	} {
		m := newMasker()
		m.addInitial(tt.secret)
		if got := m.mask(tt.line); got != tt.want {
			t.Errorf("secret %q: mask(%q) = %q, want %q", tt.secret, tt.line, got, tt.want)
		}
	}
}
