package clients_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	installed "github.com/assume-aws-role/assume-aws-role/pkg/lab/clients"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/guest"
)

// workDir is where programs are built; TestMain removes it.
var workDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "aws-clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// buildGo builds a package of the module in dir.
func buildGo(dir, pkg string) (string, error) {
	target, err := os.MkdirTemp(workDir, "go-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(target, "program")
	return program, installed.BuildGo(dir, pkg, program)
}

func findAWSCLI(ctx context.Context) ([]string, error) {
	path, err := installed.AWSCLI(ctx, os.Getenv("PATH"))
	return []string{path, "sts", "get-caller-identity", "--query", "Arn", "--output", "text", "--endpoint-url"}, err
}

func findBoto3(ctx context.Context) ([]string, error) {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(ctx, python, "-c", "import boto3").Run() == nil {
			return []string{python, filepath.Join("testdata", "python", "identity.py")}, nil
		}
	}
	return nil, errors.New("no python3 has it (apt-get install python3-boto3)")
}

// findJavaScript installs the pinned SDK beside its program when it is not there.
func findJavaScript(ctx context.Context) ([]string, error) {
	dir := filepath.Join("testdata", "js")
	return []string{"node", filepath.Join(dir, "identity.mjs")}, guest.NodeModules(ctx, dir)
}

var (
	goOnce    sync.Once
	goProgram string
	errGo     error
)

func findGo(context.Context) ([]string, error) {
	goOnce.Do(func() { goProgram, errGo = buildGo(filepath.Join("testdata", "go"), ".") })
	return []string{goProgram}, errGo
}
