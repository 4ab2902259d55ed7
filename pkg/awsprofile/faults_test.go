package awsprofile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// TestCausesHaveWords gives a writing step each error that users can do something about,
// by the numbers of the system that the test runs on.
func TestCausesHaveWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class       errno.Class
		why, remedy string
	}{
		"full":           {errno.Full, "the file system is full", "Free space"},
		"quota":          {errno.Quota, "disk quota", "quota"},
		"read-only":      {errno.ReadOnly, "mounted read-only", "can write"},
		"forbidden":      {errno.NotPermitted, "the system forbids it", "immutable"},
		"stale":          {errno.Stale, "no longer knows the directory", "Mount the file system again"},
		"denied":         {errno.Denied, "no permission", "full access"},
		"not supported":  {errno.Unsupported, "does not support it", "local file system"},
		"by the machine": {errno.Blocked, "a policy of this machine", "AppLocker"},
	} {
		for _, number := range c.class {
			err := &during{"replacing a file", fmt.Errorf("writing config: %w", &fs.PathError{Op: "open", Path: "/secret/path", Err: number})}
			f, ok := fault.As(asWrite("/t", err))
			if !ok || f.Code != fault.ProfileWrite {
				t.Fatalf("%s, number %d: the fault is %v", name, number, f)
			}
			text := f.Message()
			for _, want := range []string{`AGENT_TEMPDIRECTORY is "/t": replacing a file: `, c.why, c.remedy, variablesInstead} {
				if !strings.Contains(text, want) {
					t.Errorf("%s, %d: no %q in %s", name, number, want, text)
				}
			}
			if strings.Contains(text, "/secret/path") {
				t.Errorf("%s, %d: a path is quoted: %s", name, number, text)
			}
		}
	}
}

// TestFileSystemWithoutPermissions: what comes out open to others was not opened by
// anybody; the place cannot keep it.
func TestFileSystemWithoutPermissions(t *testing.T) {
	t.Parallel()
	err := &during{"reading a file back", &openToOthers{&privatefile.Untrusted{Path: "/t/d/probe", Why: "its mode opens it to other users", Err: fs.ErrPermission}}}
	f, ok := fault.As(asWrite("/t", err))
	if !ok || f.Code != fault.ProfilePath {
		t.Fatalf("%v, want %s", err, fault.ProfilePath)
	}
	for _, want := range []string{"does not stay private", "its mode opens it to other users", "FAT and some network shares", variablesInstead, "local file system"} {
		if !strings.Contains(f.Message(), want) {
			t.Errorf("no %q in %s", want, f.Message())
		}
	}
}

// TestOpenedState names the file and what to do when its permissions were changed.
func TestOpenedState(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f, ok := fault.As(asState(&privatefile.Untrusted{Path: path, Why: "its mode opens it to other users", Err: fs.ErrPermission}))
	if !ok || f.Code != fault.ProfileState {
		t.Fatalf("the fault is %v, want %s", f, fault.ProfileState)
	}
	if !strings.Contains(f.Message(), "Find out which tool changed the owner or the permissions of ") {
		t.Errorf("the message does not say what to do: %s", f.Message())
	}
}

// TestReasonsOfARemoval says each of several reasons once.
func TestReasonsOfARemoval(t *testing.T) {
	t.Parallel()
	denied := &fs.PathError{Op: "remove", Path: "/a", Err: errno.Denied[0]}
	busy := &fs.PathError{Op: "remove", Path: "/b", Err: syscall.EISDIR}
	got := reasons(errors.Join(denied, denied, busy))
	if strings.Count(got, "no permission") != 1 || !strings.Contains(got, "; the system says: ") {
		t.Errorf("reasons: %s", got)
	}
}

// TestWhyNot: why a program did not run, by the error of its start.
func TestWhyNot(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		ctx  context.Context
		err  error
		want string
	}{
		{over, fs.ErrPermission, "the program copied there did not answer within 20s"},
		{t.Context(), nil, `the program copied there answered "said", so it is not what this step wrote`},
		{t.Context(), io.EOF, "the program copied there does not start: EOF"},
	} {
		if got := whyNot(tt.ctx, "said", tt.err); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.err, got, tt.want)
		}
	}
	for want, class := range map[string]errno.Class{"(AppLocker, App Control)": errno.Blocked, "(fapolicyd answers so)": errno.NotPermitted, "noexec": errno.Denied} {
		for _, number := range class {
			got := whyNot(t.Context(), "", &fs.PathError{Op: "fork/exec", Path: "/p", Err: number})
			if !strings.Contains(got, want) || strings.Contains(got, "/p") {
				t.Errorf("number %d: %q, want %q and no path", number, got, want)
			}
		}
	}
}

// TestReasonsWithoutWords of their own are those of the system, without paths.
func TestReasonsWithoutWords(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"the system says: odd":                  &fs.PathError{Op: "open", Path: "/secret/path", Err: errors.New("odd")},
		"creating a file: the system says: odd": &during{"creating a file", &os.LinkError{Op: "rename", Old: "/secret/path", New: "/secret/new", Err: errors.New("odd")}},
		"creating a file: odd":                  &during{"creating a file", errors.New("odd")},
	} {
		if got := reason(err); got != want {
			t.Errorf("%v is said as %q, want %q", err, got, want)
		}
	}
	f, ok := fault.As(asState(fmt.Errorf("writing: %w", syscall.ENOSPC)))
	if !ok || f.Code != fault.ProfileState {
		t.Errorf("a state that cannot be used is told as %v", f)
	}
	if err := asState(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	g := &fault.Fault{Code: fault.Input}
	for _, got := range []error{asState(g), asWrite("/t", g)} {
		if !errors.Is(got, g) {
			t.Errorf("a fault became %v", got)
		}
	}
}
