package awsprofile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

func TestRemoveKeepsWhatItDidNotCreate(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := create(t, temp, "default")
	dir := s.profile.Directory
	foreign := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := code(awsprofile.Remove(temp, s.id)); got != fault.ProfileCleanup {
		t.Errorf("code %q", got)
	}
	if diff := cmp.Diff([]string{"assume-aws-role.marker", "notes.txt"}, names(t, dir)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	if err := awsprofile.Remove(temp, s.id); err != nil {
		t.Errorf("second removal: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there")
	}
	if err := awsprofile.Remove(temp, s.id); err != nil {
		t.Errorf("third removal: %v", err)
	}
}

func TestRemoveRefuses(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"a link": func(t *testing.T, dir string) {
			moved := filepath.Join(t.TempDir(), "elsewhere")
			if err := os.Rename(dir, moved); err != nil {
				t.Fatal(err)
			}
			symlink(t, moved, dir)
		},
		"no marker": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "assume-aws-role.marker")); err != nil {
				t.Fatal(err)
			}
		},
		"a foreign marker": func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "assume-aws-role.marker"), []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			s := create(t, temp, "default")
			prepare(t, s.profile.Directory)
			if got := code(awsprofile.Remove(temp, s.id)); got != fault.ProfileCleanup {
				t.Errorf("code %q", got)
			}
			if _, err := os.Stat(filepath.Join(s.profile.Directory, "state-"+s.id+".json")); err != nil {
				t.Errorf("something was deleted: %v", err)
			}
		})
	}
}
