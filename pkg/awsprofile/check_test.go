package awsprofile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// refusals are names of a temp directory and whether it is refused for its path.
var refusals = map[string]bool{
	"plain": false, "with space": false, "space (1) & more": false, "ünïcode": false, "a,b=c@d~": false, "a#b": false,
	`do"uble`: true, "sin'gle": true, "dol$lar": true, "back`tick": true, "per%cent": true, "bang!": true, "line\nbreak": true,
	"car\rriage": true, "am&p": true, "(1)": true, "back\\slash": true, "space #hash": true,
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows refuses other paths: TestWrittenPathOnWindows")
	}
	for name, refused := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			checkRefusal(t, dir, refused)
			if left := names(t, dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// checkRefusal wants AAR-PROFILE-PATH with the way out, or nothing.
func checkRefusal(t *testing.T, dir string, refused bool) {
	t.Helper()
	err := awsprofile.Check(dir)
	if !refused {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	f, ok := fault.As(err)
	if !ok || f.Code != fault.ProfilePath {
		t.Fatalf("%v, want %s", err, fault.ProfilePath)
	}
	if !strings.Contains(f.Message(), "exportAs: variables") {
		t.Errorf("the message does not name the way out: %s", f.Message())
	}
}

func TestCheckRefusesWhatIsNoDirectory(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", "relative", filepath.Join(base, "absent"), file, filepath.Join(file, "below")} {
		checkRefusal(t, dir, true)
	}
}

// TestCheckRefusesWhatOthersCanReplace makes the temp directory, or the one above it,
// writable to others.
func TestCheckRefusesWhatOthersCanReplace(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no sticky bit")
	}
	for name, c := range map[string]struct {
		above, temp os.FileMode
		refused     bool
	}{
		"private":                {0o755, 0o700, false},
		"open to others":         {0o755, 0o777, true},
		"above it open":          {0o777, 0o700, true},
		"group of many":          {0o755, 0o775, true},
		"sticky":                 {0o755 | os.ModeSticky, 0o777 | os.ModeSticky, false},
		"above it sticky":        {0o777 | os.ModeSticky, 0o700, false},
		"sticky below an open":   {0o777, 0o777 | os.ModeSticky, true},
		"readable by all others": {0o755, 0o755, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			above := filepath.Join(t.TempDir(), "above")
			temp := filepath.Join(above, "temp")
			for dir, mode := range map[string]os.FileMode{above: c.above, temp: c.temp} {
				if err := os.MkdirAll(temp, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(dir, mode); err != nil {
					t.Fatal(err)
				}
			}
			if c.temp == 0o775 && os.Chown(temp, -1, 65534) != nil {
				t.Skip("only root can give a directory another group")
			}
			checkRefusal(t, temp, c.refused)
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(temp, link); err != nil {
				t.Fatal(err)
			}
			checkRefusal(t, link, c.refused)
		})
	}
}
