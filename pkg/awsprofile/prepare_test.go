package awsprofile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// TestMain makes the test's own program answer as the task's does.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println("assume-aws-role test")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	temp, id := t.TempDir(), awsprofile.NewID()
	if err := awsprofile.Prepare(t.Context(), temp, id, self(t)); err != nil {
		t.Fatal(err)
	}
	want := []string{program(), "assume-aws-role.marker", "config.lock"}
	if diff := cmp.Diff(want, names(t, awsprofile.Dir(temp))); diff != "" {
		t.Errorf("prepared (-want +got):\n%s", diff)
	}
	_, err := awsprofile.Create(awsprofile.Options{
		ID: id, TempDir: temp, ProfileName: "default", Region: "eu-west-1", Binary: self(t), Now: time.Now,
		Credentials: credentials("ASIA", oldSecret, time.Now(), time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := awsprofile.Remove(temp, id); err != nil {
		t.Error(err)
	}
	if left := names(t, temp); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestPrepareKeepsOtherProfiles fails a step beside a profile that is in use.
func TestPrepareKeepsOtherProfiles(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := create(t, temp, "default")
	before := names(t, s.profile.Directory)
	if err := awsprofile.Prepare(t.Context(), temp, awsprofile.NewID(), filepath.Join(temp, "absent")); code(err) != fault.ProfileWrite {
		t.Errorf("%v, want %s", err, fault.ProfileWrite)
	}
	if diff := cmp.Diff(before, names(t, s.profile.Directory)); diff != "" {
		t.Errorf("the directory has changed (-before +after):\n%s", diff)
	}
	if key, err := s.serve(forbidden(t)); key != "ASIAOLD" || err != nil {
		t.Errorf("the other profile serves %q, %v", key, err)
	}
}

// TestPrepareTriesTheConfigFile finds before any request that the shared files cannot be
// read.
func TestPrepareTriesTheConfigFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"config", "credentials"} {
		temp := t.TempDir()
		s := create(t, temp, "default")
		file := filepath.Join(s.profile.Directory, name)
		if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o700)); err != nil {
			t.Fatal(err)
		}
		if err := awsprofile.Prepare(t.Context(), temp, awsprofile.NewID(), self(t)); code(err) != fault.ProfileState {
			t.Errorf("%s is a directory: %v, want %s", name, err, fault.ProfileState)
		}
	}
}

// TestPrepareTriesTheProgram installs what is no program, or another one.
func TestPrepareTriesTheProgram(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, why string }{
		"no program":     {"nothing that could run", "does not start"},
		"empty":          {"", "does not start"},
		"fails":          {"#!/bin/sh\nexit 3\n", "exit status 3"},
		"another answer": {"#!/bin/sh\necho hello\n", `answered "hello`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(c.content, "#!") && program() != "assume-aws-role" {
				t.Skip("Windows runs no scripts by their first line")
			}
			temp := t.TempDir()
			binary := filepath.Join(t.TempDir(), "binary")
			if err := os.WriteFile(binary, []byte(c.content), 0o755); err != nil {
				t.Fatal(err)
			}
			err := awsprofile.Prepare(t.Context(), temp, awsprofile.NewID(), binary)
			f, ok := fault.As(err)
			if !ok || f.Code != fault.ProfileNoExec {
				t.Fatalf("%v, want %s", err, fault.ProfileNoExec)
			}
			if !strings.Contains(f.Why, c.why) {
				t.Errorf("why: %s, want %q in it", f.Why, c.why)
			}
			if left := names(t, temp); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestStepsAtOnce runs whole lives of profiles beside each other, as background
// processes of a job and the post-job parts of its steps can.
func TestStepsAtOnce(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	binary := another(t)
	steps, lives := 4, 8
	if runtime.GOOS == "windows" {
		steps, lives = 3, 4 // who has just released a lock gets it again before those who wait
	}
	var wg sync.WaitGroup
	for range steps {
		wg.Go(func() {
			for range lives {
				id := awsprofile.NewID()
				p, err := awsprofile.Create(awsprofile.Options{
					ID: id, TempDir: temp, ProfileName: "p" + id[:6], Region: "eu-west-1", Binary: binary, Now: time.Now,
					Credentials: credentials("ASIAOLD", oldSecret, time.Now(), time.Hour),
				})
				if err != nil {
					t.Errorf("create: %v: %v", err, errors.Unwrap(err))
					continue
				}
				s := &scene{t: t, temp: temp, id: id, profile: p, now: time.Now}
				if key, err := s.serve(forbidden(t)); key != "ASIAOLD" {
					t.Errorf("serve: %q, %v", key, err)
				}
				if config, err := os.ReadFile(p.ConfigFile); err != nil || !strings.Contains(string(config), id) {
					t.Errorf("the config file does not name the profile: %v", err)
				}
				if err := awsprofile.Remove(temp, id); err != nil {
					f, _ := fault.As(err)
					t.Errorf("remove: %s", f.Message())
				}
			}
		})
	}
	wg.Wait()
	if left := names(t, temp); len(left) > 0 {
		inside := names(t, filepath.Join(temp, left[0]))
		t.Errorf("left behind: %q with %q", left, slices.Compact(inside))
	}
}
