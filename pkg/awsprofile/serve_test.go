package awsprofile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

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
			renew := func(_ context.Context, p []byte) (iam.Credentials, error) {
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
		"already at its end": {61 * time.Minute, nil, fault.Clock, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			now := start
			s := &scene{t: t, temp: t.TempDir(), id: awsprofile.NewID(), now: func() time.Time { return now }}
			s.write("default", time.Hour)
			now = start.Add(c.age)
			key, err := s.serve(func(context.Context, []byte) (iam.Credentials, error) {
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

// TestServeWithoutSaving removes the profile while its credentials are renewed.
func TestServeWithoutSaving(t *testing.T) {
	t.Parallel()
	s := &scene{t: t, temp: t.TempDir(), id: awsprofile.NewID(), now: time.Now}
	s.write("default", time.Nanosecond)
	key, err := s.serve(func(context.Context, []byte) (iam.Credentials, error) {
		return credentials("ASIANEW", newSecret, time.Now(), time.Minute), os.Remove(filepath.Join(s.profile.Directory, "state-"+s.id+".json"))
	})
	if key != "ASIANEW" || err != nil {
		t.Errorf("served %q, %v", key, err)
	}
	const note = "the renewed credentials could not be saved for the next call: the system says: "
	if len(s.notes) != 1 || !strings.HasPrefix(s.notes[0], note) {
		t.Errorf("the notes are %q, want one: %q", s.notes, note)
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
			key, err := s.serve(func(context.Context, []byte) (iam.Credentials, error) {
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
				_, err := s.serve(func(ctx context.Context, _ []byte) (iam.Credentials, error) {
					if ctx.Err() != nil {
						t.Errorf("the renewal has no time: %v", ctx.Err())
					}
					<-ctx.Done()
					return iam.Credentials{}, &fault.Fault{Code: fault.Timeout, Cause: ctx.Err()}
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
				key, err := one.serve(func(context.Context, []byte) (iam.Credentials, error) {
					renewals.Add(1)
					<-time.After(2 * time.Second)
					return iam.Credentials{}, errOutage
				})
				if key != "ASIAOLD" || err != nil {
					t.Errorf("served %q, %v, want the old credentials", key, err)
				}
				if len(one.notes) != 1 {
					t.Errorf("the notes are %q, want one", one.notes)
				}
			})
		}
		wg.Wait()
		if got := renewals.Load(); got != 1 {
			t.Errorf("%d renewals, want 1", got)
		}
	})
}

// TestWaitersShareADenial wants one request for callers at once, and one more for a
// caller that comes later.
func TestWaitersShareADenial(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := create(t, temp, "default")
		<-time.After(2 * time.Hour)
		var renewals atomic.Int32
		deny := func(context.Context, []byte) (iam.Credentials, error) {
			renewals.Add(1)
			<-time.After(2 * time.Second)
			return iam.Credentials{}, &fault.Fault{Code: fault.STSAccessDenied, Summary: "what", Why: "why", Remedy: []string{"Do."}, Details: []string{"id: 7"}}
		}
		said := sync.Map{}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := s.serve(deny)
				f, _ := fault.As(err)
				said.Store(f.Message(), true)
			})
		}
		wg.Wait()
		different := 0
		said.Range(func(any, any) bool { different++; return true })
		if renewals.Load() != 1 || different != 1 {
			t.Errorf("%d renewals, %d different errors; want 1 and 1", renewals.Load(), different)
		}
		if _, err := s.serve(deny); code(err) != fault.STSAccessDenied || renewals.Load() != 2 {
			t.Errorf("%v after %d renewals", err, renewals.Load())
		}
		// A clock that is corrected must not make what was said the last word.
		early := *s
		early.now = func() time.Time { return time.Now().Add(-time.Hour) }
		if _, err := early.serve(deny); code(err) != fault.STSAccessDenied || renewals.Load() != 3 {
			t.Errorf("%v after %d renewals, by a clock that was set back", err, renewals.Load())
		}
	})
}

// TestClockSetBack gives the state the times that it has when the clock was set back
// after the credentials were issued, and when the machine was started again.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for elapsed, want := range map[time.Duration]string{-24 * time.Hour: "ASIAOLD", 40 * time.Minute: "ASIAOLD", 58 * time.Minute: "ASIANEW", 2 * time.Hour: "ASIANEW"} {
		s := create(t, t.TempDir(), "default")
		path := filepath.Join(s.profile.Directory, "state-"+s.id+".json")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		state := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&state); err != nil {
			t.Fatal(err)
		}
		boot, err := state["boot"].(json.Number).Int64()
		if err != nil || boot <= 0 {
			t.Fatalf("boot %d, %v", boot, err)
		}
		state["boot"] = boot - int64(elapsed)
		if text, err = json.Marshal(state); err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.serve(func(context.Context, []byte) (iam.Credentials, error) {
			return credentials("ASIANEW", newSecret, time.Now(), time.Hour), nil
		})
		if got != want || err != nil {
			t.Errorf("%s after they were issued, the clock not moved: served %q, %v; want %q", elapsed, got, err, want)
		}
	}
}

// TestWaitersTakeWhatTheHolderWrote holds for a session so short that it would be
// renewed again at once, too.
func TestWaitersTakeWhatTheHolderWrote(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := create(t, temp, "default")
		<-time.After(2 * time.Hour)
		var renewals atomic.Int32
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				key, err := s.serve(func(context.Context, []byte) (iam.Credentials, error) {
					renewals.Add(1)
					<-time.After(time.Second)
					return credentials("ASIANEW", newSecret, time.Now().Add(-50*time.Minute), time.Hour), nil
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
	})
}
