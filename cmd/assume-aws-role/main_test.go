package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// TestTrustIsNotTakenFromVariables lets a step name an authority by the variables of
// crypto/x509: the task names them, and trusts nobody more.
func TestTrustIsNotTakenFromVariables(t *testing.T) {
	s, err := sandbox.New(sandbox.Default())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for name, value := range s.Environment(sandbox.EnvOptions{TLS: true, TempDirectory: t.TempDir()}) {
		t.Setenv(name, value)
	}
	conn, _ := s.Config().Connection("aws-prod")
	t.Setenv("INPUT_SERVICECONNECTION", conn.ID)
	t.Setenv("INPUT_ROLEARN", "arn:aws:iam::111122223333:role/deploy")
	t.Setenv("INPUT_REGION", "eu-west-1")
	t.Setenv("INPUT_STSENDPOINT", "")
	t.Setenv("AGENT_CAINFO", "")
	t.Setenv("SSL_CERT_FILE", s.CAFile)
	t.Setenv("SSL_CERT_DIR", filepath.Dir(s.CAFile))
	var out strings.Builder
	cli.Run(context.Background(), cli.Env{Args: []string{"task"}, Lookup: environment(), Stdout: &out, Stderr: os.Stderr, Now: time.Now, Version: "1.0.0"})
	if !strings.Contains(out.String(), "CN=pipeline-sandbox CA, which is not trusted here") || !strings.Contains(out.String(), "SSL_CERT_FILE") {
		t.Error(out.String())
	}
	for _, r := range s.Requests(sandbox.LegADO) {
		t.Errorf("the stand-in was trusted: %s %s", r.Method, r.Path)
	}
}
