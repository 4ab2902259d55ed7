//go:build !windows

package awsprofile

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// openAncestor returns the directory on the way to path, or path itself, in which users
// other than this one and root can rename and delete what they do not own; "" when there
// is none. The way is that of the name and that of what links in it lead to.
func openAncestor(path string) string {
	ways := []string{path}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		ways = append(ways, real)
	}
	for _, way := range ways {
		for dir := filepath.Clean(way); ; dir = filepath.Dir(dir) {
			if info, err := os.Stat(dir); err == nil && writableByOthers(info) {
				return dir
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return ""
}

func writableByOthers(info fs.FileInfo) bool {
	const group, others = 0o020, 0o002
	mode := info.Mode()
	if mode&fs.ModeSticky != 0 {
		return false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return mode&others != 0 || mode&group != 0 && !(ok && ownGroup(s.Gid))
}

// ownGroup reports whether a group has no members but this user and root: root's own
// group, or the primary group of this user, as many systems make one for each. What the
// files of the system do not say, such as the users of a directory service, counts as
// others, and so does every group on macOS, where these files list no user.
func ownGroup(gid uint32) bool {
	if runtime.GOOS == "darwin" {
		return false
	}
	id := strconv.FormatUint(uint64(gid), 10)
	private, known, alone := gid == 0, false, true
	user := strconv.Itoa(os.Geteuid())
	own := map[string]bool{"0": true, user: true}
	names := map[string]bool{}
	eachEntry("/etc/passwd", func(f []string) {
		if len(f) < 4 {
			return
		}
		names[f[0]] = own[f[2]]
		if f[3] == id && !own[f[2]] {
			alone = false
		}
		private = private || f[2] == user && f[3] == id
	})
	eachEntry("/etc/group", func(f []string) {
		if len(f) < 4 || f[2] != id {
			return
		}
		known = true
		for member := range strings.SplitSeq(f[3], ",") {
			if member != "" && !names[member] {
				alone = false
			}
		}
	})
	return private && known && alone
}

// eachEntry calls do with the fields of each line of a file like /etc/passwd.
func eachEntry(path string, do func(fields []string)) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		do(strings.Split(lines.Text(), ":"))
	}
}
