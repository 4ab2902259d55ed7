package awsprofile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// TestForms of what is written into files and paths, up to the last character that counts.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, valid := range map[string]bool{
		"AZaz09._@-": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false, "": false,
		"[": false, "`": false, "{": false, "/": false, ":": false, ",": false, "!": false, "é": false, "~": false,
	} {
		if got := validName(name); got != valid {
			t.Errorf("%q is a profile's name: %v", name, got)
		}
	}
	const id = "0123456789abcdef0123456789abcdef"
	for name, ours := range map[string]bool{
		"state-" + id + ".json": true, "state-" + id + ".lock": true, "state-" + id + ".json.tmp-1": true, "state-" + id + ".lock.tmp-1": true,
		"state-" + id: false, "state-" + id + ".jsonx": false, "state-" + id[1:] + ".json": false, "state-": false, "state-" + id[1:]: false,
		"state-" + strings.ToUpper(id) + ".json": false, id + ".json": false, "state-" + id + ".tmp-1": false,
	} {
		if got := stateName(name); got != ours {
			t.Errorf("%q is a file of a state: %v", name, got)
		}
	}
	for _, path := range []string{"\"x", "&x"} {
		if posixProblem(path) == "" {
			t.Errorf("%q is no problem", path)
		}
	}
	for path, problem := range map[string]string{`C:\`: "", "C:": "no path on a drive", "C:\\\x7f": "a control character", "C:\\\u0080": "outside ASCII"} {
		if got := windowsProblem(path); (got == "") != (problem == "") || !strings.Contains(got, problem) {
			t.Errorf("%q: %q, want %q", path, got, problem)
		}
	}
	if before, after, found := cutLast("-x", "-"); !found || before+after != "x" {
		t.Errorf("cut at the beginning: %q, %q, %v", before, after, found)
	}
}

// TestLongestNameOnWindows: later steps get the long names, so those must not be too long,
// whatever the short one is.
func TestLongestNameOnWindows(t *testing.T) {
	t.Parallel()
	short := func(string) string { return `C:\S` }
	longest := 0
	for n := 1; n < 300; n++ {
		long := `C:\` + strings.Repeat("a", n) + " b"
		if _, err := writtenFor("windows", long, short); err == nil {
			longest = len(long + `\` + filepath.Base(Dir(long)) + `\` + program("windows"))
		}
	}
	if longest != 259 {
		t.Errorf("the longest name of the program that is taken has %d characters, want 259", longest)
	}
}

// TestNeighbouringSections are all removed, when all are of one profile.
func TestNeighbouringSections(t *testing.T) {
	t.Parallel()
	const line = "credential_process = /t/" + directoryPrefix + "00000000/assume-aws-role credential-process " + idA + "\n"
	text := "[a]\n" + line + "[b]\n" + line + "[c]\nregion = x\n[d]\n" + line
	if got := string(removeSections([]byte(text), idA)); got != "[c]\nregion = x\n" {
		t.Errorf("left are %q", got)
	}
}

// holding makes a directory with files of these contents.
func holding(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dir")
	if err := privatefile.MakeDir(dir); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := privatefile.Ensure(filepath.Join(dir, name), []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAwaitMarker waits for a marker that is on its way, and for no other.
func TestAwaitMarker(t *testing.T) {
	t.Parallel()
	limit := markerWait
	if runtime.GOOS == "windows" {
		limit = markerWaitWindows
	}
	for name, tt := range map[string]struct {
		files map[string]string
		want  marking
		took  time.Duration
	}{
		"marked":      {map[string]string{markerName: marker}, marked, 0},
		"empty":       {nil, bare, 0},
		"another":     {map[string]string{markerName: "another", "file": ""}, unmarked, 0},
		"none":        {map[string]string{"file": ""}, unmarked, limit},
		"half":        {map[string]string{markerName: marker[:3]}, unmarked, limit},
		"not written": {map[string]string{markerName: "", "file": ""}, unmarked, limit},
	} {
		dir := holding(t, tt.files)
		synctest.Test(t, func(t *testing.T) {
			from := time.Now()
			if got := awaitMarker(dir); got != tt.want || time.Since(from) != tt.took {
				t.Errorf("%s: %d after %s, want %d after %s", name, got, time.Since(from), tt.want, tt.took)
			}
		})
	}
	dir := holding(t, map[string]string{markerName: "", "file": ""})
	synctest.Test(t, func(t *testing.T) {
		go func() {
			<-time.After(limit / 2)
			if err := privatefile.Replace(filepath.Join(dir, markerName), []byte(marker)); err != nil {
				t.Error(err)
			}
		}()
		if got := awaitMarker(dir); got != marked {
			t.Errorf("a marker that came while it was waited for: %d", got)
		}
	})
}

// TestAcquire: who waited too long hears that the profile is busy; other errors stay.
func TestAcquire(t *testing.T) {
	t.Parallel()
	dir := holding(t, map[string]string{"lock": ""})
	release, err := acquire(t.Context(), filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := acquire(over, filepath.Join(dir, "lock")); !isBusy(err) {
		t.Errorf("a lock that is held: %v", err)
	}
	if _, err := acquire(over, filepath.Join(dir, "absent")); isBusy(err) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lock that is not there: %v", err)
	}
	release()
	if err := tryLocks(t.Context(), filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("trying a lock that is not there: %v", err)
	}
	for range 2 {
		if err := tryLocks(t.Context(), filepath.Join(dir, "lock")); err != nil {
			t.Errorf("trying a lock: %v", err)
		}
	}
}

// TestRemovalDuringARenewal waits 5 s for it, and then removes the state all the same.
func TestRemovalDuringARenewal(t *testing.T) {
	t.Parallel()
	dir := holding(t, map[string]string{"state-" + idA + ".json": "{}", "state-" + idA + ".lock": ""})
	synctest.Test(t, func(t *testing.T) {
		release, err := acquire(t.Context(), lockPath(dir, idA))
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		from := time.Now()
		if err := removeState(dir, idA); err != nil {
			t.Error(err)
		}
		if took := time.Since(from); took != 5*time.Second {
			t.Errorf("it waited %s, want 5s", took)
		}
	})
	if exists(statePath(dir, idA)) {
		t.Error("the state is still there")
	}
}

// TestSameContent compares with files that end before, at and after what is read at once.
func TestSameContent(t *testing.T) {
	t.Parallel()
	const block = 1 << 16
	for _, n := range []int{0, 1, block - 1, block, block + 1, 3 * block} {
		text := strings.Repeat("x", n)
		path := filepath.Join(holding(t, map[string]string{"file": text}), "file")
		for other, want := range map[string]bool{text: true, text + "x": false, text + strings.Repeat("x", block): false} {
			if same, err := sameContent(strings.NewReader(other), path); same != want || err != nil {
				t.Errorf("%d bytes and a file of %d are the same: %v, %v", len(other), n, same, err)
			}
		}
		if same, err := sameContent(iotest.ErrReader(fs.ErrPermission), path); same || err != nil {
			t.Errorf("a failing reader and a file of %d bytes are the same: %v, %v", n, same, err)
		}
	}
}

// TestCleanupNamesWhatStays, unless it is not ours.
func TestCleanupNamesWhatStays(t *testing.T) {
	t.Parallel()
	full, empty := holding(t, map[string]string{"a": "", "b": ""}), holding(t, nil)
	odd := errors.New("odd")
	for name, tt := range map[string]struct {
		dir     string
		err     error
		details []string
	}{
		"full":     {full, odd, []string{`Still there: "a", "b"`}},
		"empty":    {empty, odd, nil},
		"absent":   {filepath.Join(empty, "absent"), odd, nil},
		"not ours": {full, errNotOurs, nil},
	} {
		f, ok := fault.As(cleanup(tt.dir, tt.err))
		if !ok || f.Code != fault.ProfileCleanup {
			t.Errorf("%s: %v, want %s", name, f, fault.ProfileCleanup)
			continue
		}
		if !slices.Equal(f.Details, tt.details) {
			t.Errorf("%s: the details are %q, want %q", name, f.Details, tt.details)
		}
	}
	joined := errors.Join(&fault.Fault{Code: fault.ProfileBusy, Summary: "what", Why: "why."}, odd, odd)
	if got := reasons(joined); got != "what: why; odd" {
		t.Errorf("the reasons are %q", got)
	}
}

// TestLingeringFiles keep a directory for 2 s, and then the marker stays with it.
func TestLingeringFiles(t *testing.T) {
	t.Parallel()
	dir := holding(t, map[string]string{markerName: marker, configLockName + privatefile.TempInfix + "1": ""})
	synctest.Test(t, func(t *testing.T) {
		from := time.Now()
		if err := removeDirectory(dir); err == nil {
			t.Error("a directory that is not empty is said to be removed")
		}
		if took := time.Since(from); took != 2*time.Second {
			t.Errorf("it was tried for %s, want 2s", took)
		}
	})
	if awaitMarker(dir) != marked {
		t.Error("the marker is gone")
	}
	if err := os.Remove(filepath.Join(dir, configLockName+privatefile.TempInfix+"1")); err != nil {
		t.Fatal(err)
	}
	if err := removeDirectory(dir); err != nil || exists(dir) {
		t.Errorf("an empty directory stays: %v", err)
	}
}
