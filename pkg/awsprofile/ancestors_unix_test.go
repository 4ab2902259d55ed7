//go:build !windows

package awsprofile

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestOwnGroup looks the groups of this machine up: the group of root, where it is named
// so, has nobody else in it; one that is not listed could have anybody.
func TestOwnGroup(t *testing.T) {
	t.Parallel()
	if ownGroup(4_000_000_000) {
		t.Error("a group that nobody lists counts as this user's own")
	}
	groups := map[string]uint32{}
	eachEntry("/etc/group", func(f []string) {
		if id, err := strconv.ParseUint(f[2], 10, 32); err == nil {
			groups[f[0]] = uint32(id)
		}
	})
	for _, shared := range []string{"users", "staff", "adm", "nogroup"} {
		if id, ok := groups[shared]; ok && ownGroup(id) {
			t.Errorf("the group %s counts as this user's own", shared)
		}
	}
}

// TestOwnGroupByItsLines: a group is one's own when it bears a trusted name, lists nobody
// else, and is nobody else's first group.
func TestOwnGroupByItsLines(t *testing.T) {
	t.Parallel()
	me := strconv.Itoa(os.Geteuid())
	people := "root:x:0:0::/root:/bin/sh\nme:x:" + me + ":5000::/h:/bin/sh\nother:x:4000000001:6000::/h:/bin/sh\nshort:line\n"
	for name, tt := range map[string]struct {
		passwd, group string
		own           bool
	}{
		"own":                    {people, "me:x:5000:\n", true},
		"lists its user":         {people, "me:x:5000:me,root\n", true},
		"beside another":         {people, "wheel:x:1:other\nme:x:5000:\nstaff:x:2:other\n", true},
		"lists another":          {people, "me:x:5000:me,other\n", false},
		"of another name":        {people, "staff:x:5000:\n", false},
		"of another user's name": {people, "other:x:5000:\n", false},
		"first of another":       {people + "third:x:4000000002:5000::/h:/bin/sh\n", "me:x:5000:\n", false},
		"not listed":             {people, "me:x:5001:\n", false},
		"cut line":               {people, "me:x:5000\n", false},
		"more fields":            {people, "me:x:5000::more\n", true},
		"no users":               {"", "me:x:5000:\n", false},
	} {
		dir := t.TempDir()
		passwd, group := filepath.Join(dir, "passwd"), filepath.Join(dir, "group")
		if err := errors.Join(os.WriteFile(passwd, []byte(tt.passwd), 0o600), os.WriteFile(group, []byte(tt.group), 0o600)); err != nil {
			t.Fatal(err)
		}
		if got := ownGroupIn(passwd, group, 5000); got != tt.own {
			t.Errorf("%s: the group is this user's own: %v", name, got)
		}
	}
	if ownGroupIn("/absent", "/absent", 0) {
		t.Error("without lists, a group counts as this user's own")
	}
}

// TestGroupWritableDirectory: many systems give new directories the group of their user
// and let it write.
func TestGroupWritableDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o775); err != nil {
		t.Fatal(err)
	}
	own := ownGroup(uint32(os.Getegid()))
	if got := openAncestor(dir); (got == "") != own {
		t.Errorf("found %q open; the group is this user's own: %v", got, own)
	}
}
