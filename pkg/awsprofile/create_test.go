package awsprofile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

func TestCreateRefusesForeignDirectory(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(dir string) error{
		"open to others":  func(dir string) error { return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755)) },
		"without marker":  func(dir string) error { return os.Mkdir(dir, 0o700) },
		"a file":          func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"a dangling link": func(dir string) error { return os.Symlink(dir+"-elsewhere", dir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			if err := prepare(awsprofile.Dir(temp)); err != nil {
				t.Fatal(err)
			}
			_, err := awsprofile.Create(awsprofile.Options{
				ID: awsprofile.NewID(), TempDir: temp, ProfileName: "default", Region: "eu-west-1", Binary: "/bin/sh", Now: time.Now,
				Credentials: credentials("ASIA", oldSecret, time.Now(), time.Hour),
			})
			if got := code(err); got != fault.ProfileState {
				t.Errorf("code %q: %v", got, err)
			}
			if f, _ := fault.As(err); !strings.Contains(f.Message(), "exportAs: variables") {
				t.Errorf("no way out is named: %s", f.Message())
			}
			if diff := cmp.Diff([]string{filepath.Base(awsprofile.Dir(temp))}, names(t, temp)); diff != "" {
				t.Errorf("temp directory (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreateDoesNotFollowPlantedLinks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"config", "credentials", "config.lock", "assume-aws-role"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			first := create(t, temp, "default")
			victim := filepath.Join(t.TempDir(), "victim")
			path := filepath.Join(first.profile.Directory, name)
			if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Remove(path), os.Symlink(victim, path)); err != nil {
				t.Fatal(err)
			}
			_, err := awsprofile.Create(awsprofile.Options{
				ID: awsprofile.NewID(), TempDir: temp, ProfileName: "second", Region: "eu-west-1", Binary: "/bin/sh", Now: time.Now,
				Credentials: credentials("ASIA", oldSecret, time.Now(), time.Hour),
			})
			if got := code(err); got != fault.ProfileState {
				t.Errorf("code %q: %v", got, err)
			}
			if data, err := os.ReadFile(victim); string(data) != "precious" || err != nil {
				t.Errorf("the link was followed: %q, %v", data, err)
			}
		})
	}
}

func TestBinaryIsReplacedNotOverwritten(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := create(t, temp, "default")
	path := filepath.Join(s.profile.Directory, "assume-aws-role")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	create(t, temp, "other")
	if again, err := os.Stat(path); err != nil || !os.SameFile(before, again) {
		t.Errorf("the same binary was written again: %v", err)
	}
	running, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	_, err = awsprofile.Create(awsprofile.Options{
		ID: awsprofile.NewID(), TempDir: temp, ProfileName: "third", Region: "eu-west-1", Binary: "/bin/sh", Now: time.Now,
		Credentials: credentials("ASIA", oldSecret, time.Now(), time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	var first [20]byte
	if n, err := running.Read(first[:]); string(first[:n]) != "#!/bin/sh\nexit 0\n" {
		t.Errorf("an open binary changed: %q, %v", first[:n], err)
	}
}
