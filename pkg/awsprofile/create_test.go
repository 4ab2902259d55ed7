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
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

func TestCreateRefusesForeignDirectory(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, dir string) error{
		"open to others": func(_ *testing.T, dir string) error { return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755)) },
		"without marker": func(_ *testing.T, dir string) error {
			return errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "config"), nil, 0o600))
		},
		"a file": func(_ *testing.T, dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"a dangling link": func(t *testing.T, dir string) error {
			symlink(t, dir+"-elsewhere", dir)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			if err := prepare(t, awsprofile.Dir(temp)); err != nil {
				t.Fatal(err)
			}
			_, err := awsprofile.Create(awsprofile.Options{
				ID: awsprofile.NewID(), TempDir: temp, ProfileName: "default", Region: "eu-west-1", Binary: another(t), Now: time.Now,
				Credentials: credentials("ASIA", oldSecret, time.Now(), time.Hour),
			})
			f, ok := fault.As(err)
			if !ok || f.Code != fault.ProfileState {
				t.Fatalf("%v, want %s", err, fault.ProfileState)
			}
			if !strings.Contains(f.Message(), "exportAs: variables") {
				t.Errorf("no way out is named: %s", f.Message())
			}
			if diff := cmp.Diff([]string{filepath.Base(awsprofile.Dir(temp))}, names(t, temp)); diff != "" {
				t.Errorf("temp directory (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOpenedConfigIsRepaired: another tool may rewrite the shared files with a mode of its
// own; they hold no secret.
func TestOpenedConfigIsRepaired(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	first := create(t, temp, "first")
	shared := []string{first.profile.ConfigFile, first.profile.CredentialsFile}
	for _, file := range shared {
		if err := openUp(t, file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	second := create(t, temp, "second")
	for _, file := range shared {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 600", filepath.Base(file), info.Mode(), err)
		}
		if text := read(t, file); !strings.Contains(text, first.id) || !strings.Contains(text, second.id) {
			t.Errorf("%s lost a profile: %s", filepath.Base(file), text)
		}
	}
}

// TestCredentialsFileHoldsNothingElse: keys that another tool wrote there would take
// precedence over the profile.
func TestCredentialsFileHoldsNothingElse(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	first := create(t, temp, "first")
	written := "[first]\naws_access_key_id = AKIA\n[other]\naws_access_key_id = AKIA\n"
	if err := os.WriteFile(first.profile.CredentialsFile, []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first.profile.ConfigFile, []byte(read(t, first.profile.ConfigFile)+"[profile mine]\nsource_profile = first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	second := create(t, temp, "second")
	text := read(t, first.profile.CredentialsFile)
	if strings.Contains(text, "AKIA") || strings.Contains(text, "mine") {
		t.Errorf("the credentials file holds what is not ours: %s", text)
	}
	if strings.Count(text, "[") != 2 {
		t.Errorf("the credentials file does not hold two sections: %s", text)
	}
	if err := awsprofile.Remove(temp, second.id); err != nil {
		t.Error(err)
	}
	if text := read(t, first.profile.CredentialsFile); strings.Contains(text, "second") || !strings.Contains(text, "[first]\n") {
		t.Errorf("after the removal it holds %s", text)
	}
	if text := read(t, first.profile.ConfigFile); !strings.Contains(text, "source_profile = first") {
		t.Errorf("the config file lost a profile of the user: %s", text)
	}
}

// TestCreateAdoptsWhatARemovalLeft finds the directory that a removal leaves when it is
// killed between the marker and the directory itself.
func TestCreateAdoptsWhatARemovalLeft(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	if err := privatefile.MakeDir(awsprofile.Dir(temp)); err != nil {
		t.Fatal(err)
	}
	s := create(t, temp, "default")
	if err := awsprofile.Remove(temp, s.id); err != nil {
		t.Error(err)
	}
	if left := names(t, temp); len(left) > 1 {
		t.Errorf("left behind: %q", left)
	}
}

func TestCreateDoesNotFollowPlantedLinks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"config", "credentials", "config.lock", program()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			first := create(t, temp, "default")
			victim := filepath.Join(t.TempDir(), "victim")
			path := filepath.Join(first.profile.Directory, name)
			if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Remove(path)); err != nil {
				t.Fatal(err)
			}
			symlink(t, victim, path)
			_, err := awsprofile.Create(awsprofile.Options{
				ID: awsprofile.NewID(), TempDir: temp, ProfileName: "second", Region: "eu-west-1", Binary: another(t), Now: time.Now,
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
	path := filepath.Join(s.profile.Directory, program())
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	create(t, temp, "other")
	if again, err := os.Stat(path); err != nil || !os.SameFile(before, again) {
		t.Errorf("the same binary was written again: %v", err)
	}
	running, err := privatefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	_, err = awsprofile.Create(awsprofile.Options{
		ID: awsprofile.NewID(), TempDir: temp, ProfileName: "third", Region: "eu-west-1", Binary: another(t), Now: time.Now,
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
