//go:build !windows

package awsprofile

import (
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
