package awsprofile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

const (
	oldSecret = "c4n4ry-old-secret"
	newSecret = "c4n4ry-new-secret"
	plan      = "c4n4ry-plan"
)

// scene is a temp directory with one profile.
type scene struct {
	t       *testing.T
	temp    string
	id      string
	profile awsprofile.Profile
	now     func() time.Time
	notes   []string
}

func credentials(key, secretKey string, issued time.Time, life time.Duration) iam.Credentials {
	return iam.Credentials{
		AccessKeyID: key, SecretAccessKey: secret.New(secretKey), SessionToken: secret.New(secretKey + "-token"),
		Issued: issued, Expires: issued.Add(life),
	}
}

// create writes a profile whose credentials were issued now and live for an hour.
func create(t *testing.T, temp, name string) *scene {
	t.Helper()
	s := &scene{t: t, temp: temp, id: awsprofile.NewID(), now: time.Now}
	s.write(name, time.Hour)
	return s
}

func (s *scene) write(name string, life time.Duration) {
	s.t.Helper()
	binary := filepath.Join(s.temp, "binary-of-the-task")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
		s.t.Fatal(err)
	}
	p, err := awsprofile.Create(awsprofile.Options{
		ID: s.id, TempDir: s.temp, ProfileName: name, Region: "eu-west-1", Plan: []byte(plan), Binary: binary, Now: s.now,
		Credentials: credentials("ASIAOLD", oldSecret, s.now(), life),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.profile = p
}

// serve answers one call and returns the access key of the document.
func (s *scene) serve(renew func(context.Context, []byte) (iam.Credentials, error)) (string, error) {
	var out bytes.Buffer
	err := awsprofile.Serve(context.Background(), awsprofile.ServeOptions{
		Dir: s.profile.Directory, ID: s.id, Stdout: &out, Now: s.now, Renew: renew,
		Note:      func(n string) { s.notes = append(s.notes, n) },
		Transient: func(err error) bool { return errors.Is(err, errOutage) || errors.Is(err, context.DeadlineExceeded) },
	})
	if err != nil {
		if out.Len() > 0 {
			s.t.Errorf("standard output holds %q beside an error", &out)
		}
		return "", err
	}
	var doc struct {
		Version                                                int
		AccessKeyId, SecretAccessKey, SessionToken, Expiration string
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		s.t.Fatalf("document: %v", err)
	}
	end, err := time.Parse(time.RFC3339, doc.Expiration)
	if err != nil || doc.Version != 1 || doc.SessionToken != doc.SecretAccessKey+"-token" {
		s.t.Errorf("document is incomplete: version %d, expiration %q", doc.Version, doc.Expiration)
	}
	if !end.Add(time.Second).After(s.now()) {
		s.t.Errorf("served credentials past their end %s", doc.Expiration)
	}
	return doc.AccessKeyId, nil
}

var (
	errOutage = errors.New("outage")
	errDenied = &fault.Fault{Code: fault.STSAccessDenied, Summary: "denied"}
)

func forbidden(t *testing.T) func(context.Context, []byte) (iam.Credentials, error) {
	return func(context.Context, []byte) (iam.Credentials, error) {
		t.Error("a renewal happened")
		return iam.Credentials{}, errOutage
	}
}

func code(err error) fault.Code {
	f, _ := fault.As(err)
	if f == nil {
		return ""
	}
	return f.Code
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// program is the name of the binary's copy.
func program() string {
	if runtime.GOOS == "windows" {
		return "assume-aws-role.exe"
	}
	return "assume-aws-role"
}

func TestCreateLayout(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := create(t, temp, "default")
	if want := awsprofile.Dir(temp); s.profile.Directory != want || filepath.Dir(want) != temp {
		t.Errorf("directory %s, want %s", s.profile.Directory, want)
	}
	want := []string{program(), "assume-aws-role.marker", "config", "config.lock", "credentials", "state-" + s.id + ".json", "state-" + s.id + ".lock"}
	if diff := cmp.Diff(want, names(t, s.profile.Directory)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	line := "credential_process = " + s.profile.Directory + "/assume-aws-role credential-process " + s.id
	if runtime.GOOS == "windows" {
		line = "credential_process = " + strings.ReplaceAll(s.profile.Directory, `\`, `\\`) + `\\assume-aws-role.exe credential-process ` + s.id
	}
	for _, file := range []string{s.profile.ConfigFile, s.profile.CredentialsFile} {
		if diff := cmp.Diff("[default]\nregion = eu-west-1\n"+line+"\n", read(t, file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filepath.Base(file), diff)
		}
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has access lists in place of modes")
	}
	s := create(t, t.TempDir(), "default")
	for _, name := range append(names(t, s.profile.Directory), ".") {
		info, err := os.Stat(filepath.Join(s.profile.Directory, name))
		if err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o600)
		if name == program() || name == "." {
			mode = 0o700
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, want %v", name, info.Mode().Perm(), mode)
		}
	}
}

// another writes a program of another version of the task.
func another(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "another")
	if err := os.WriteFile(path, []byte("another version"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// symlink makes a link, or skips the test where the system makes none.
func symlink(t *testing.T, to, link string) {
	t.Helper()
	if err := os.Symlink(to, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if _, err := os.Readlink(link); err != nil {
		t.Skipf("no symbolic links here, although making one gives no error: %v", err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestProfilesAtOnce(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	if err := os.WriteFile(filepath.Join(temp, "binary"), []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	const steps = 12
	ids := make([]string, steps)
	var wg sync.WaitGroup
	for i := range steps {
		ids[i] = awsprofile.NewID()
		wg.Go(func() {
			_, err := awsprofile.Create(awsprofile.Options{
				ID: ids[i], TempDir: temp, ProfileName: "p" + ids[i][:6], Region: "eu-west-1", Binary: filepath.Join(temp, "binary"),
				Credentials: credentials("ASIA", oldSecret, time.Now(), time.Hour), Now: time.Now,
			})
			if err != nil {
				t.Errorf("create: %v: %v", err, errors.Unwrap(err))
			}
		})
	}
	wg.Wait()
	config, err := os.ReadFile(filepath.Join(awsprofile.Dir(temp), "config"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if !strings.Contains(string(config), "[profile p"+id[:6]+"]") || !strings.Contains(string(config), "credential-process "+id+"\n") {
			t.Errorf("an entry was lost: %s", id)
		}
	}
	for _, id := range ids {
		wg.Go(func() {
			if err := awsprofile.Remove(temp, id); err != nil {
				t.Errorf("remove: %v", err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"binary"}, names(t, temp)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

func TestSameNameAgain(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	first, second := create(t, temp, "default"), create(t, temp, "default")
	if err := awsprofile.Remove(temp, first.id); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(second.profile.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(config), "credential_process") != 1 || !strings.Contains(string(config), second.id) {
		t.Errorf("the second profile is not alone after the first step's removal:\n%s", config)
	}
	if key, err := second.serve(forbidden(t)); key != "ASIAOLD" || err != nil {
		t.Errorf("second profile: %q, %v", key, err)
	}
}

func TestForeignOwner(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if os.WriteFile(file, nil, 0o600) != nil || os.Chown(file, 4711, 4711) != nil {
		t.Skip("this user cannot give a file away")
	}
	s := create(t, t.TempDir(), "default")
	if err := os.Chown(filepath.Join(s.profile.Directory, "state-"+s.id+".json"), 4711, 4711); err != nil {
		t.Fatal(err)
	}
	if _, err := s.serve(forbidden(t)); code(err) != fault.ProfileState {
		t.Errorf("foreign state was served: %v", err)
	}
	if err := os.Chown(s.profile.Directory, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	if got := code(awsprofile.Remove(s.temp, s.id)); got != fault.ProfileCleanup {
		t.Errorf("removal from a foreign directory: %q", got)
	}
}
