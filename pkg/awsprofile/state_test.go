package awsprofile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// openUp opens a file to other users, where modes do that.
func openUp(t *testing.T, path string, mode os.FileMode) error {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has access lists in place of modes")
	}
	return os.Chmod(path, mode)
}

func TestServeRefusesState(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, s *scene, path string) error{
		"absent":    func(_ *testing.T, _ *scene, path string) error { return os.Remove(path) },
		"empty":     func(_ *testing.T, _ *scene, path string) error { return os.Truncate(path, 0) },
		"cut":       func(_ *testing.T, _ *scene, path string) error { return os.Truncate(path, 100) },
		"no object": func(_ *testing.T, _ *scene, path string) error { return os.WriteFile(path, []byte(`[1]`), 0o600) },
		"half": func(_ *testing.T, _ *scene, path string) error {
			return os.WriteFile(path, []byte(`{"version":1}`), 0o600)
		},
		"huge":        func(_ *testing.T, _ *scene, path string) error { return os.Truncate(path, 1<<30) },
		"open to all": func(t *testing.T, _ *scene, path string) error { return openUp(t, path, 0o644) },
		"open dir":    func(t *testing.T, s *scene, _ string) error { return openUp(t, s.profile.Directory, 0o755) },
		"a link": func(t *testing.T, _ *scene, path string) error {
			if err := os.Rename(path, path+".x"); err != nil {
				return err
			}
			symlink(t, path+".x", path)
			return nil
		},
		"a directory": func(_ *testing.T, _ *scene, path string) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		},
		"of another profile": func(t *testing.T, s *scene, path string) error {
			other := create(t, s.temp, "other")
			return os.Rename(filepath.Join(s.profile.Directory, "state-"+other.id+".json"), path)
		},
		"dir is a link": func(t *testing.T, s *scene, _ string) error {
			moved := filepath.Join(t.TempDir(), "moved")
			if err := os.Rename(s.profile.Directory, moved); err != nil {
				return err
			}
			symlink(t, moved, s.profile.Directory)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := create(t, t.TempDir(), "default")
			if err := damage(t, s, filepath.Join(s.profile.Directory, "state-"+s.id+".json")); err != nil {
				t.Fatal(err)
			}
			_, err := s.serve(forbidden(t))
			if got := code(err); got != fault.ProfileState {
				t.Errorf("code %q: %v", got, err)
			}
			if f, _ := fault.As(err); f != nil && strings.Contains(f.Message(), "c4n4ry") {
				t.Errorf("the message quotes the state: %s", f.Message())
			}
		})
	}
}
