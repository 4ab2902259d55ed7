package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	profileID   = regexp.MustCompile(`settaskvariable variable=assumeAwsRoleProfile\]([0-9a-f]+)\n`)
	profileTemp = regexp.MustCompile(`settaskvariable variable=assumeAwsRoleTempDirectory\](.+)\n`)
	configFile  = regexp.MustCompile(`variable=AWS_CONFIG_FILE\](.+)[/\\]config\n`)
)

// profileCommand takes over what the last task said about its profile, as the agent
// does for the post-job part: profile.
func profileCommand(ts *testscript.TestScript, _ bool, _ []string) {
	out := ts.ReadFile("stdout")
	id, dir, temp := profileID.FindStringSubmatch(out), configFile.FindStringSubmatch(out), profileTemp.FindStringSubmatch(out)
	if id == nil {
		ts.Fatalf("the task announced no profile")
	}
	if dir == nil || temp == nil {
		ts.Fatalf("the task announced a profile, but not where it is")
	}
	ts.Setenv("PROFILE_ID", id[1])
	ts.Setenv("PROFILE_DIR", dir[1])
	ts.Setenv("VSTS_TASKVARIABLE_ASSUMEAWSROLEPROFILE", id[1])
	ts.Setenv("VSTS_TASKVARIABLE_ASSUMEAWSROLETEMPDIRECTORY", temp[1])
}

// ageCommand moves the times of a state into the past, as if so much time had gone
// by: age FILE 50m.
func ageCommand(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(args[1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	var state map[string]any
	ts.Check(json.Unmarshal(data, &state))
	for _, name := range []string{"issued", "expires"} {
		text, _ := state[name].(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		ts.Check(err)
		state[name] = at.Add(-by)
	}
	data, err = json.Marshal(state)
	ts.Check(err)
	ts.Check(os.WriteFile(path, data, 0o600))
}

type clockKey struct{}

// newClock is the clock of a script's stand-ins, which clockCommand sets.
func newClock(env *testscript.Env) func() time.Time {
	offset := new(atomic.Int64)
	env.Values[clockKey{}] = offset
	return func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
}

// clockCommand sets the clocks of the stand-ins off ours: clock -2h.
func clockCommand(ts *testscript.TestScript, _ bool, args []string) {
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	offset, ok := ts.Value(clockKey{}).(*atomic.Int64)
	if !ok {
		ts.Fatalf("no clock")
	}
	offset.Store(int64(by))
}

// condition knows whether scripts may mount file systems of their own, and devices.
func condition(name string) (bool, error) {
	switch name {
	case "mounts":
		return exec.Command("unshare", "-rm", "true").Run() == nil, nil
	case "certs":
		_, err := os.Stat("/etc/ssl/certs")
		return err == nil && runtime.GOOS == "linux", nil
	case "immutable":
		return mayForbid(), nil
	case "full":
		_, err := os.Stat("/dev/full")
		return err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %s", name)
}

// mayForbid reports whether this user can make a directory that nobody may change.
func mayForbid() bool {
	dir, err := os.MkdirTemp("", "immutable-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	return exec.Command("chattr", "+i", dir).Run() == nil && exec.Command("chattr", "-i", dir).Run() == nil
}
