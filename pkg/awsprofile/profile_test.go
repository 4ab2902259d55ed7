package awsprofile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
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

func credentials(key, secretKey string, issued time.Time, life time.Duration) awsprofile.Credentials {
	return awsprofile.Credentials{
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
func (s *scene) serve(renew func(context.Context, []byte) (awsprofile.Credentials, error)) (string, error) {
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

func forbidden(t *testing.T) func(context.Context, []byte) (awsprofile.Credentials, error) {
	return func(context.Context, []byte) (awsprofile.Credentials, error) {
		t.Error("a renewal happened")
		return awsprofile.Credentials{}, errOutage
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

func TestCreateLayout(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	s := create(t, temp, "default")
	if want := awsprofile.Dir(temp); s.profile.Directory != want || filepath.Dir(want) != temp {
		t.Errorf("directory %s, want %s", s.profile.Directory, want)
	}
	want := []string{"assume-aws-role", "assume-aws-role.marker", "config", "config.lock", "credentials", "state-" + s.id + ".json", "state-" + s.id + ".lock"}
	if diff := cmp.Diff(want, names(t, s.profile.Directory)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, name := range append(want, ".") {
		info, err := os.Stat(filepath.Join(s.profile.Directory, name))
		mode := os.FileMode(0o600)
		if name == "assume-aws-role" || name == "." {
			mode = 0o700
		}
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, mode)
		}
	}
	config, err := os.ReadFile(s.profile.ConfigFile)
	wantConfig := "[default]\nregion = eu-west-1\ncredential_process = " + s.profile.Directory + "/assume-aws-role credential-process " + s.id + "\n"
	if diff := cmp.Diff(wantConfig, string(config)); err != nil || diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
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
	if err != nil || strings.Count(string(config), "credential_process") != 1 || !strings.Contains(string(config), second.id) {
		t.Errorf("config after the first step's removal: %s, %v", config, err)
	}
	if key, err := second.serve(forbidden(t)); key != "ASIAOLD" || err != nil {
		t.Errorf("second profile: %q, %v", key, err)
	}
}

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
			if err := errors.Join(os.Rename(dir, moved), os.Symlink(moved, dir)); err != nil {
				t.Fatal(err)
			}
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

func TestCheck(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	for _, c := range []struct {
		name string
		want fault.Code
	}{
		{"plain", ""}, {"with space", ""}, {"space (1) & more", ""}, {"ünïcode", ""}, {"a,b=c@d~", ""}, {"a#b", ""},
		{`do"uble`, fault.ProfilePath}, {"sin'gle", fault.ProfilePath}, {"dol$lar", fault.ProfilePath}, {"back`tick", fault.ProfilePath},
		{"per%cent", fault.ProfilePath}, {"bang!", fault.ProfilePath}, {"line\nbreak", fault.ProfilePath}, {"car\rriage", fault.ProfilePath},
		{"am&p", fault.ProfilePath}, {"(1)", fault.ProfilePath}, {"back\\slash", fault.ProfilePath}, {"space #hash", fault.ProfilePath},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(base, c.name)
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			err := awsprofile.Check(dir)
			if got := code(err); got != c.want {
				t.Errorf("code %q, want %q", got, c.want)
			}
			if f, ok := fault.As(err); ok && !strings.Contains(f.Message(), "exportAs: variables") {
				t.Errorf("the message does not name the way out: %s", f.Message())
			}
			if left := names(t, dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", "relative", filepath.Join(base, "absent"), file} {
		if got := code(awsprofile.Check(dir)); got != fault.ProfilePath {
			t.Errorf("%q: code %q", dir, got)
		}
	}
}

func TestServeFreshness(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		life, age time.Duration
		renews    bool
	}{
		"fresh":                    {time.Hour, 0, false},
		"sixteen minutes left":     {time.Hour, 44 * time.Minute, false},
		"fifteen minutes left":     {time.Hour, 45 * time.Minute, true},
		"short, over a third left": {15 * time.Minute, 9 * time.Minute, false},
		"short, a third left":      {15 * time.Minute, 10 * time.Minute, true},
		"past the end":             {time.Hour, 2 * time.Hour, true},
		"clock a little back":      {time.Hour, -time.Minute, false},
		"clock far back":           {time.Hour, -24 * time.Hour, true},
		"clock far ahead":          {time.Hour, 1000 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			now := start
			s := &scene{t: t, temp: t.TempDir(), id: awsprofile.NewID(), now: func() time.Time { return now }}
			s.write("default", c.life)
			now = start.Add(c.age)
			renewals := 0
			renew := func(_ context.Context, p []byte) (awsprofile.Credentials, error) {
				renewals++
				if string(p) != plan {
					t.Errorf("plan %q", p)
				}
				return credentials("ASIANEW", newSecret, now, c.life), nil
			}
			want := "ASIAOLD"
			if c.renews {
				want = "ASIANEW"
			}
			for range 2 {
				if key, err := s.serve(renew); key != want || err != nil {
					t.Errorf("served %q, %v; want %q", key, err, want)
				}
			}
			if c.renews != (renewals == 1) {
				t.Errorf("%d renewals", renewals)
			}
		})
	}
}

func TestServeFailedRenewal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age  time.Duration
		err  error
		want fault.Code
		key  string
	}{
		"outage, live":       {50 * time.Minute, errOutage, "", "ASIAOLD"},
		"outage, past end":   {61 * time.Minute, &fault.Fault{Code: fault.STSUnreachable, Cause: errOutage}, fault.STSUnreachable, ""},
		"outage, at the end": {time.Hour, &fault.Fault{Code: fault.STSUnreachable, Cause: errOutage}, fault.STSUnreachable, ""},
		"outage, clock back": {-24 * time.Hour, &fault.Fault{Code: fault.STSUnreachable, Cause: errOutage}, fault.STSUnreachable, ""},
		"denial, live":       {50 * time.Minute, errDenied, fault.STSAccessDenied, ""},
		"denial, past end":   {61 * time.Minute, errDenied, fault.STSAccessDenied, ""},
		"already at its end": {61 * time.Minute, nil, fault.ProfileClock, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			now := start
			s := &scene{t: t, temp: t.TempDir(), id: awsprofile.NewID(), now: func() time.Time { return now }}
			s.write("default", time.Hour)
			now = start.Add(c.age)
			key, err := s.serve(func(context.Context, []byte) (awsprofile.Credentials, error) {
				return credentials("ASIANEW", newSecret, start.Add(-time.Hour), time.Hour), c.err
			})
			if got := code(err); got != c.want || key != c.key {
				t.Errorf("served %q, code %q; want %q, %q", key, got, c.key, c.want)
			}
			if (c.key != "") != (len(s.notes) == 1) {
				t.Errorf("notes: %q", s.notes)
			}
		})
	}
}

func TestFiftyCallersRenewOnce(t *testing.T) {
	t.Parallel()
	s := &scene{t: t, temp: t.TempDir(), id: awsprofile.NewID(), now: time.Now}
	s.write("default", time.Nanosecond)
	var renewals atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			key, err := s.serve(func(context.Context, []byte) (awsprofile.Credentials, error) {
				renewals.Add(1)
				return credentials("ASIANEW", newSecret, time.Now(), time.Minute), nil
			})
			if key != "ASIANEW" || err != nil {
				t.Errorf("served %q, %v", key, err)
			}
		})
	}
	wg.Wait()
	if got := renewals.Load(); got != 1 {
		t.Errorf("%d renewals, want 1", got)
	}
}

func TestServeEndsInTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age   time.Duration
		limit time.Duration
		want  fault.Code
	}{
		"nothing live":      {2 * time.Hour, 45 * time.Second, fault.Timeout},
		"live ones at hand": {50 * time.Minute, 10 * time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := create(t, temp, "default")
				<-time.After(c.age)
				before := time.Now()
				_, err := s.serve(func(ctx context.Context, _ []byte) (awsprofile.Credentials, error) {
					<-ctx.Done()
					return awsprofile.Credentials{}, &fault.Fault{Code: fault.Timeout, Cause: ctx.Err()}
				})
				if took := time.Since(before); took > c.limit {
					t.Errorf("the call took %s", took)
				}
				if got := code(err); got != c.want {
					t.Errorf("code %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestWaitersOfAFailedRenewalDoNotRepeatIt(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := create(t, temp, "default")
		<-time.After(50 * time.Minute)
		var renewals atomic.Int32
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				one := *s
				key, err := one.serve(func(context.Context, []byte) (awsprofile.Credentials, error) {
					renewals.Add(1)
					<-time.After(2 * time.Second)
					return awsprofile.Credentials{}, errOutage
				})
				if key != "ASIAOLD" || err != nil || len(one.notes) != 1 {
					t.Errorf("served %q, %v, notes %q", key, err, one.notes)
				}
			})
		}
		wg.Wait()
		if got := renewals.Load(); got != 1 {
			t.Errorf("%d renewals, want 1", got)
		}
	})
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
		"open to all": func(_ *testing.T, _ *scene, path string) error { return os.Chmod(path, 0o644) },
		"open dir":    func(_ *testing.T, s *scene, _ string) error { return os.Chmod(s.profile.Directory, 0o755) },
		"a link": func(_ *testing.T, _ *scene, path string) error {
			return errors.Join(os.Rename(path, path+".x"), os.Symlink(path+".x", path))
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
			return errors.Join(os.Rename(s.profile.Directory, moved), os.Symlink(moved, s.profile.Directory))
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

func TestForeignOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
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
