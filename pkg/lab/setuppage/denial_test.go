package setuppage

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
)

// deniedLog is the log of a job with the packed task, whose role AWS denies.
func deniedLog(t *testing.T) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := miniagent.Main(t.Context(), []string{"testdata/denied.yml", "--vsix", os.Getenv("AAR_VSIX")}, os.LookupEnv, &stdout, &stderr)
	if status != 0 {
		t.Fatalf("the job ends with %d: %s\n%s", status, stderr.String(), stdout.String())
	}
	return stdout.String()
}

var linkPattern = regexp.MustCompile(`https?://\S+/_settings/\S+#denial=\S+`)

// linkIn is the link to the page in a log. It is the only one.
func linkIn(t *testing.T, log string) string {
	t.Helper()
	links := linkPattern.FindAllString(log, -1)
	if len(links) != 1 {
		t.Fatalf("links %q in the log, want one\n%s", links, log)
	}
	return strings.TrimSpace(links[0])
}
