package cachedcall_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/awsprofile"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// TestAnswersBeforeTheRest lets the Go runtime list the packages that were
// initialised.
func TestAnswersBeforeTheRest(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, c := range map[string]struct {
		end  time.Time
		rest bool
	}{
		"fresh": {time.Now().Add(time.Hour).UTC(), false},
		"stale": {time.Now().Add(-time.Minute).UTC(), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, trace strings.Builder
			program, id := profile(t, binary, c.end)
			cmd := exec.CommandContext(t.Context(), program, "credential-process", id)
			cmd.Stdout, cmd.Stderr = &out, &trace
			cmd.Env = []string{"GODEBUG=inittrace=1"}
			if err := cmd.Run(); (err != nil) != c.rest {
				t.Error(err)
			}
			document := `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"key","SessionToken":"token","Expiration":"` +
				c.end.Format(time.RFC3339) + "\"}\n"
			if c.rest {
				document = ""
			}
			if out.String() != document {
				t.Errorf("printed %q, want %q", out.String(), document)
			}
			if !strings.Contains(trace.String(), "init os @") {
				t.Errorf("no trace:\n%s", trace.String())
			}
			for _, late := range []string{"net/http", "github.com/aws/aws-sdk-go-v2/service/sts/internal/endpoints"} {
				if strings.Contains(trace.String(), "init "+late+" @") != c.rest {
					t.Errorf("%s initialised: %t", late, !c.rest)
				}
			}
		})
	}
}

// profile makes a profile whose plan leads nowhere.
func profile(t *testing.T, binary string, end time.Time) (program, id string) {
	t.Helper()
	id = awsprofile.NewID()
	p, err := awsprofile.Create(awsprofile.Options{
		ID: id, TempDir: t.TempDir(), ProfileName: "default", Region: "eu-west-1", Plan: []byte("{}"), Binary: binary, Now: time.Now,
		Credentials: awsprofile.Credentials{
			AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("key"), SessionToken: secret.New("token"),
			Issued: end.Add(-time.Hour), Expires: end,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(p.Directory, "assume-aws-role"), id
}
