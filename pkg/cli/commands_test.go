package cli_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// ran is what a command left behind.
type ran struct {
	status   int
	out, err string
}

// command runs one with an environment.
func command(t *testing.T, env map[string]string, change func(*cli.Env), args ...string) ran {
	t.Helper()
	var out, errs strings.Builder
	e := cli.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Version: "1.2.3", Executable: os.Executable,
		Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
	if change != nil {
		change(&e)
	}
	return ran{cli.Run(t.Context(), e), out.String(), errs.String()}
}

type broken struct{ after int }

func (b *broken) Write(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		return 0, errors.New("no space")
	}
	return len(p), nil
}

// TestUsage: the status tells a wrong call from help, and each goes to its stream.
func TestUsage(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("0", 32)
	for _, tt := range []struct {
		args     []string
		status   int
		out, err string
	}{
		{nil, 2, "", "assume-aws-role: no command given\nFor help: assume-aws-role --help\n"},
		{[]string{"tusk"}, 2, "", "assume-aws-role: unknown command\n"},
		{[]string{"version"}, 0, "assume-aws-role 1.2.3\n", ""},
		{[]string{"--version"}, 0, "assume-aws-role 1.2.3\n", ""},
		{[]string{"-version"}, 0, "assume-aws-role 1.2.3\n", ""},
		{[]string{"version", "x"}, 2, "", "assume-aws-role: version takes no arguments\n"},
		{[]string{"version", "--help"}, 0, "usage: assume-aws-role version\n", ""},
		{[]string{"version", "-help"}, 0, "usage: assume-aws-role version\n", ""},
		{[]string{"version", "-h"}, 0, "usage: assume-aws-role version\n", ""},
		{[]string{"version", "--help", "x"}, 2, "", "assume-aws-role: version takes no arguments\n"},
		{[]string{"help"}, 0, "assume-aws-role exchanges", ""},
		{[]string{"--help"}, 0, "assume-aws-role exchanges", ""},
		{[]string{"-help"}, 0, "assume-aws-role exchanges", ""},
		{[]string{"-h"}, 0, "assume-aws-role exchanges", ""},
		{[]string{"credential-process", "--help"}, 0, "usage: assume-aws-role credential-process ID\n", ""},
		{[]string{"credential-process", "-help"}, 0, "usage: assume-aws-role credential-process ID\n", ""},
		{[]string{"credential-process", "-h"}, 0, "usage: assume-aws-role credential-process ID\n", ""},
		{[]string{"credential-process", "abc"}, 2, "", "assume-aws-role: credential-process needs one id of 32 hexadecimal digits\n\nusage:"},
		{[]string{"credential-process"}, 2, "", "assume-aws-role: credential-process needs one id of 32 hexadecimal digits\n\nusage:"},
		{[]string{"credential-process", ""}, 2, "", "assume-aws-role: credential-process needs"},
		{[]string{"credential-process", "../x"}, 2, "", "assume-aws-role: credential-process needs"},
		{[]string{"credential-process", id, id}, 2, "", "assume-aws-role: credential-process needs"},
		{[]string{"trust-policy"}, 2, "", "assume-aws-role: "},
		{[]string{"trust-policy", "invent"}, 2, "", "assume-aws-role: "},
		{[]string{"trust-policy", "--help"}, 0, "usage:", ""},
		{[]string{"token"}, 2, "", "assume-aws-role: "},
		{[]string{"token", "--help"}, 0, "usage: ", ""},
		{[]string{"token", "-h"}, 0, "usage: ", ""},
		{[]string{"token", "help"}, 0, "usage: ", ""},
		{[]string{"token", "nohelp"}, 2, "", "assume-aws-role: the subcommand inspect is required\n"},
	} {
		got := command(t, nil, nil, tt.args...)
		if got.status != tt.status {
			t.Errorf("%q: status %d, want %d", tt.args, got.status, tt.status)
		}
		if !strings.HasPrefix(got.out, tt.out) || (got.out == "") != (tt.out == "") {
			t.Errorf("%q: standard output %q, want %q", tt.args, got.out, tt.out)
		}
		if !strings.HasPrefix(got.err, tt.err) || (got.err == "") != (tt.err == "") {
			t.Errorf("%q: standard error %q, want %q", tt.args, got.err, tt.err)
		}
	}
}

// TestResultThatCannotBeWritten is a fault, on the stream that is left.
func TestResultThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	got := command(t, nil, func(e *cli.Env) { e.Stdout = &broken{} }, "version")
	if got.status != 1 || !strings.Contains(got.err, "the result could not be written: no space") {
		t.Errorf("status %d, standard error %q", got.status, got.err)
	}
	if got := command(t, map[string]string{}, func(e *cli.Env) { e.Stdout = &broken{} }, "task"); got.status != 1 {
		t.Errorf("a step whose failure nobody hears of has the status %d", got.status)
	}
}

// profileJob is a job with a step that exports a profile from services on loopback, which
// count the calls of STS.
func profileJob(t *testing.T, subject string) (env map[string]string, calls *atomic.Int32) {
	t.Helper()
	calls = &atomic.Int32{}
	server := httptest.NewServer(services{tokenOf(subject), "canary-secret", func() { calls.Add(1) }})
	t.Cleanup(server.Close)
	env = jobOf(server.URL)
	env["INPUT_EXPORTAS"], env["AGENT_TEMPDIRECTORY"] = "profile", filepath.Join(t.TempDir(), "temp")
	if err := os.Mkdir(env["AGENT_TEMPDIRECTORY"], 0o700); err != nil {
		t.Fatal(err)
	}
	return env, calls
}

var taskVariable = regexp.MustCompile(`##vso\[task\.settaskvariable variable=(\w+)\](.*)`)

// walked runs a step with a profile and gives its task variables to the post-job part.
func walked(t *testing.T, env map[string]string) (id, dir string) {
	t.Helper()
	step := command(t, env, nil, "task")
	if strings.Contains(step.out, "task.complete") {
		t.Fatalf("the step failed:\n%s", step.out)
	}
	for _, m := range taskVariable.FindAllStringSubmatch(step.out, -1) {
		env["VSTS_TASKVARIABLE_"+strings.ToUpper(m[1])] = m[2]
	}
	config := regexp.MustCompile(`variable=AWS_CONFIG_FILE\](.*)`).FindStringSubmatch(step.out)
	if config == nil {
		t.Fatalf("no profile in\n%s", step.out)
	}
	return env["VSTS_TASKVARIABLE_ASSUMEAWSROLEPROFILE"], filepath.Dir(config[1])
}

// TestProfileFromStepToPost walks the life of a profile: cached credentials, renewed ones,
// a renewal that fails, and the end of the job.
func TestProfileFromStepToPost(t *testing.T) {
	t.Parallel()
	env, calls := profileJob(t, ownSubject)
	id, dir := walked(t, env)
	in := func(now time.Time) func(*cli.Env) {
		return func(e *cli.Env) {
			e.Executable = func() (string, error) { return filepath.Join(dir, "assume-aws-role"), nil }
			e.Now = func() time.Time { return now }
		}
	}
	for _, tt := range []struct {
		name  string
		now   time.Time
		calls int32
	}{{"cached", time.Now(), 1}, {"renewed", time.Date(2098, 12, 31, 23, 59, 0, 0, time.UTC), 2}} {
		got := command(t, nil, in(tt.now), "credential-process", id)
		var document struct{ SecretAccessKey string }
		if err := json.Unmarshal([]byte(got.out), &document); err != nil || document.SecretAccessKey != "canary-secret" {
			t.Fatalf("%s: status %d, %q, %v; standard error %s", tt.name, got.status, got.out, err, got.err)
		}
		if calls.Load() != tt.calls {
			t.Errorf("%s: STS was asked %d times in all, want %d", tt.name, calls.Load(), tt.calls)
		}
	}
	late := in(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	if got := command(t, nil, late, "credential-process", id); got.status != 1 || got.out != "" {
		t.Errorf("credentials that end before they begin: status %d, %q; %s", got.status, got.out, got.err)
	}
	if got := command(t, env, nil, "post"); got != (ran{}) {
		t.Errorf("the post-job part is not silent: %+v", got)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the profile stays: %v", err)
	}
	if got := command(t, nil, in(time.Now()), "credential-process", id); got.status != 1 || !strings.Contains(got.err, "AAR-PROFILE-STATE") {
		t.Errorf("a profile that is gone: status %d, %q", got.status, got.err)
	}
}

// TestFailedStepLeavesNoProfile, and the post-job part finds nothing to remove.
func TestFailedStepLeavesNoProfile(t *testing.T) {
	t.Parallel()
	env, _ := profileJob(t, "p://contoso-eng/payments/deploy-infra")
	got := command(t, env, nil, "task")
	if !strings.Contains(got.out, "code=AAR-IDENTITY-MISMATCH") {
		t.Fatalf("the step did not fail as it should:\n%s", got.out)
	}
	if entries, err := os.ReadDir(env["AGENT_TEMPDIRECTORY"]); err != nil || len(entries) > 0 {
		t.Errorf("the temp directory holds %v, %v", entries, err)
	}
}

// TestPost: without a profile it is silent, and what it cannot remove is a warning.
func TestPost(t *testing.T) {
	t.Parallel()
	if got := command(t, map[string]string{}, nil, "post"); got != (ran{}) {
		t.Errorf("without a profile: %+v", got)
	}
	env := map[string]string{"VSTS_TASKVARIABLE_ASSUMEAWSROLEPROFILE": "../x", "VSTS_TASKVARIABLE_ASSUMEAWSROLETEMPDIRECTORY": t.TempDir()}
	got := command(t, env, nil, "post")
	if got.status != 0 || !strings.HasPrefix(got.out, "##vso[task.logissue type=warning;code=AAR-PROFILE-CLEANUP]AAR-PROFILE-CLEANUP: ") {
		t.Errorf("an id that is none: %+v", got)
	}
	got = command(t, nil, func(e *cli.Env) {
		e.Lookup = func(name string) (string, bool) {
			if strings.HasPrefix(name, "VSTS_TASKVARIABLE_") {
				panic("c4n4ry")
			}
			return "", false
		}
	}, "post")
	if got.status != 0 || got.out != "##vso[task.logissue type=warning;code=AAR-INTERNAL]internal error in the clean-up; the profile's files may still be there\n" {
		t.Errorf("a panic: %+v", got)
	}
}

// TestProgramThatCannotFindItself fails before any request.
func TestProgramThatCannotFindItself(t *testing.T) {
	t.Parallel()
	env, calls := profileJob(t, ownSubject)
	lost := func(e *cli.Env) { e.Executable = func() (string, error) { return "", errors.New("no /proc") } }
	if got := command(t, env, lost, "task"); !strings.Contains(got.out, "code=AAR-PROFILE-NOEXEC") {
		t.Errorf("the step says %s", got.out)
	}
	if got := command(t, env, lost, "credential-process", strings.Repeat("0", 32)); got.status != 1 || !strings.Contains(got.err, "AAR-PROFILE-STATE") {
		t.Errorf("credential-process: status %d, %s", got.status, got.err)
	}
	if calls.Load() != 0 {
		t.Errorf("STS was asked %d times", calls.Load())
	}
}

// TestAccountsOfAnAnswerAreMasked, when accounts are to be masked.
func TestAccountsOfAnAnswerAreMasked(t *testing.T) {
	t.Parallel()
	for mask, want := range map[string]bool{"true": true, "false": false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/oidctoken") {
				services{token: tokenOf(ownSubject)}.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::444455556666:x is not authorized on resource: arn:aws:iam::777788889999:role/y (account 333344445555), request 1234567890123 0a1b2c3d-1111-2222-3333-999988887777</Message></Error></ErrorResponse>`)
		}))
		t.Cleanup(server.Close)
		env := jobOf(server.URL)
		env["INPUT_MASKACCOUNTID"] = mask
		got := command(t, env, nil, "task")
		for _, id := range []string{"111122223333", "444455556666", "777788889999", "333344445555"} {
			if masked := strings.Contains(got.out, "##vso[task.setsecret]"+id+"\n"); masked != want {
				t.Errorf("with maskAccountId %s, %s is masked: %v; output:\n%s", mask, id, masked, got.out)
			}
		}
		if strings.Contains(got.out, "##vso[task.setsecret]1234567890123") || strings.Contains(got.out, "##vso[task.setsecret]999988887777") {
			t.Errorf("a number of 13 digits, or a part of an id, is masked:\n%s", got.out)
		}
	}
}
