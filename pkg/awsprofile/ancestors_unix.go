//go:build !windows

package awsprofile

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// openAncestor returns the directory on the way to path, or path itself, in which users
// other than this one and root can rename and delete what they do not own; "" when there
// is none. The way is that of the name and that of what links in it lead to. The owners of
// these directories are trusted: in a job container they belong to a user of the host.
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

// ownGroup reports whether a group is the one that many systems make for each user: it
// bears the name of this user, or of root, and nobody else is in it. Groups of another
// name count as others, because a directory service may have members for them that the
// files of the system do not list; so do all of macOS, where those list no user.
func ownGroup(gid uint32) bool { return ownGroupIn("/etc/passwd", "/etc/group", gid) }

func ownGroupIn(passwd, group string, gid uint32) bool {
	id := strconv.FormatUint(uint64(gid), 10)
	own := map[string]bool{"0": true, strconv.Itoa(os.Geteuid()): true}
	trusted := map[string]bool{}
	private := false
	eachEntry(passwd, func(f []string) { trusted[f[0]] = own[f[2]] })
	eachEntry(group, func(f []string) {
		if f[2] != id {
			return
		}
		private = trusted[f[0]]
		for member := range strings.SplitSeq(f[3], ",") {
			private = private && (member == "" || trusted[member])
		}
	})
	eachEntry(passwd, func(f []string) { private = private && (f[3] != id || own[f[2]]) })
	return private
}

// eachEntry calls do with the fields, four at least, of each line of a file like
// /etc/passwd.
func eachEntry(path string, do func(fields []string)) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Split(lines.Text(), ":"); len(fields) >= 4 {
			do(fields)
		}
	}
}
