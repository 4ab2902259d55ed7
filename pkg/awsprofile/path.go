package awsprofile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// commandLine is the value of credential_process. The SDKs split or run it in
// different ways: botocore by the rules of shlex, or on Windows by those of the C
// runtime (boto/botocore botocore/compat.py); the SDKs for JavaScript and Go hand
// it to sh -c, or on Windows to cmd.exe (aws/aws-sdk-js-v3
// packages/credential-provider-process, aws/aws-sdk-go-v2
// credentials/processcreds/provider.go). What all of them read alike is a plain
// path, and one in double quotes where it holds a space. Quotes are kept to that
// case because Go's os/exec escapes them on their way to cmd.exe
// (aws/aws-sdk-go-v2#3208).
//
// Backslashes of Windows are doubled: releases of the SDK for Go read \t and \n in a
// path as a tab and a line feed (aws/aws-sdk-go-v2#2273), and a doubled one as a
// single one. Everyone else keeps both, which Windows takes for one separator. The
// two that begin a network path stay, because four would not. Forward slashes are no
// way out: cmd.exe takes them for switches.
func commandLine(goos, binary, id string) string {
	if goos == "windows" {
		rest := strings.TrimPrefix(binary, `\\`)
		binary = binary[:len(binary)-len(rest)] + strings.ReplaceAll(rest, `\`, `\\`)
	}
	if strings.Contains(binary, " ") {
		binary = `"` + binary + `"`
	}
	return binary + " credential-process " + id
}

// pathProblem says what in a path at least one SDK would read as something else.
func pathProblem(goos, p string) string {
	if i := strings.IndexAny(p, "\"'$`%!"); i >= 0 {
		return fmt.Sprintf("it holds the character %q, which the AWS SDKs do not read alike", p[i])
	}
	if strings.ContainsFunc(p, unicode.IsControl) {
		return "it holds a line break or another control character"
	}
	if goos == "windows" && strings.ContainsFunc(p, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "it holds a character outside ASCII, which the AWS SDKs do not read alike on Windows"
	}
	if goos != "windows" && strings.Contains(p, `\`) {
		return "it holds a backslash, which a shell drops"
	}
	if strings.Contains(p, " ") {
		// In quotes a shell is no danger, but two parsers of the config file take these
		// for the start of a comment.
		if strings.Contains(p, " #") || strings.Contains(p, " ;") {
			return "it holds a space before # or ;, which starts a comment in an AWS config file"
		}
		return ""
	}
	if i := strings.IndexAny(p, shellReads(goos)); i >= 0 {
		return fmt.Sprintf("it holds the character %q, which a shell does not take literally", p[i])
	}
	return ""
}

// shellReads are the characters of an unquoted path that the shell of the system
// gives a meaning.
func shellReads(goos string) string {
	if goos == "windows" {
		return "&|<>()^;,=@"
	}
	return "&;|<>()*?[]{}"
}

// Check tells before any request whether a profile can live below tempDir. Its
// faults are AAR-PROFILE-PATH and AAR-PROFILE-NOEXEC; both name the other way of
// exporting.
func Check(tempDir string) error {
	if tempDir == "" || !filepath.IsAbs(tempDir) {
		return badPath(tempDir, "it is not an absolute path", nil)
	}
	if problem := pathProblem(runtime.GOOS, tempDir); problem != "" {
		return badPath(tempDir, problem, nil)
	}
	info, err := os.Stat(tempDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return badPath(tempDir, "it does not exist", err)
	case err != nil:
		return badPath(tempDir, "it cannot be read", err)
	case !info.IsDir():
		return badPath(tempDir, "it is not a directory", nil)
	}
	if err := writable(tempDir); err != nil {
		return badPath(tempDir, "this step cannot create files there", err)
	}
	if noExecMount(tempDir) {
		return noExec(tempDir, nil)
	}
	return nil
}

var variablesInstead = "Use exportAs: variables, which needs no files."

func badPath(tempDir, why string, cause error) error {
	return &fault.Fault{
		Code: fault.ProfilePath, Summary: "a profile cannot live in the agent's temp directory",
		Why:    fmt.Sprintf("AGENT_TEMPDIRECTORY is %q: %s.", tempDir, why),
		Remedy: []string{variablesInstead, "Or configure the agent with a work folder whose path consists of letters, digits, - _ . and separators."},
		Cause:  cause,
	}
}

func noExec(tempDir string, cause error) error {
	return &fault.Fault{
		Code: fault.ProfileNoExec, Summary: "programs cannot run from the agent's temp directory",
		Why:    fmt.Sprintf("AGENT_TEMPDIRECTORY, %q, refuses execution (a file system mounted noexec does), and a profile runs a program from there.", tempDir),
		Remedy: []string{variablesInstead, "Or move the agent's work folder to a file system that is mounted without noexec."},
		Cause:  cause,
	}
}
