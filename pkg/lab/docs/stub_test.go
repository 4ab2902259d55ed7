package docs

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
)

// stubLog names the file to which a stub writes how it was called; a test binary
// that finds it set is such a stub.
const stubLog = "AAR_DOCS_STUB_LOG"

// stubAccount names the account in which the stub of the AWS CLI creates a provider.
const stubAccount = "AAR_DOCS_STUB_ACCOUNT"

// TestMain makes this binary a stand-in for the programs that the pages call, when
// it is started under their names.
func TestMain(m *testing.M) {
	if log := os.Getenv(stubLog); log != "" {
		os.Exit(stub(log))
	}
	os.Exit(m.Run())
}

// call is one start of a stub.
type call struct {
	Program string
	Args    []string
}

// stub notes how it was called. Unless it is about IAM, it then does what makes a
// recipe work at all: it finds credentials as AWS tools do, and uses them.
func stub(log string) int {
	c := call{filepath.Base(os.Args[0]), os.Args[1:]}
	line, err := json.Marshal(c)
	if err != nil {
		return 1
	}
	file, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	_, err = file.Write(append(line, '\n'))
	if err = cmp.Or(err, file.Close()); err != nil {
		fmt.Fprintln(os.Stderr, c.Program, err)
		return 1
	}
	switch {
	case c.Program == "aws" && slices.Contains(c.Args, "export-credentials"):
		return exportCredentials()
	case slices.Contains(c.Args, "create-open-id-connect-provider"):
		fmt.Println("arn:aws:iam::" + os.Getenv(stubAccount) + ":oidc-provider/" + strings.TrimPrefix(c.flag("--url"), "https://"))
		return 0
	case !c.usesAWS():
		return 0
	}
	return miniagent.CallIdentity(context.Background(), os.LookupEnv, os.Stdout, os.Stderr)
}

// exportCredentials does what `aws configure export-credentials --format env` does
// with a profile that has a credential_process.
func exportCredentials() int {
	const script = `eval "$(sed -n 's/^credential_process *= *//p' "$AWS_CONFIG_FILE" | tail -n 1)"`
	out, err := exec.Command("sh", "-c", script).Output()
	var c struct{ AccessKeyId, SecretAccessKey, SessionToken string }
	if err != nil || json.Unmarshal(out, &c) != nil {
		return 1
	}
	fmt.Printf("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\nexport AWS_SESSION_TOKEN=%s\n", c.AccessKeyId, c.SecretAccessKey, c.SessionToken)
	return 0
}

// usesAWS reports whether the program needs the role: an administrator's IAM commands
// run elsewhere, and neither npm nor a login of Docker asks AWS.
func (c call) usesAWS() bool {
	first := strings.Join(c.Args, " ")
	switch c.Program {
	case "aws":
		return !strings.HasPrefix(first, "iam ")
	case "docker":
		return strings.HasPrefix(first, "run ")
	case "npm":
		return false
	}
	return true
}

// flag is the value after a flag.
func (c call) flag(name string) string {
	if i := slices.Index(c.Args, name); i >= 0 && i+1 < len(c.Args) {
		return c.Args[i+1]
	}
	return ""
}
