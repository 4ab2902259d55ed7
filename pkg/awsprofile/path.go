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

// commandLine is the value of credential_process. dir is the profile's directory as
// writtenPath spells it. The SDKs split or run the line in different ways: botocore by
// the rules of shlex, or on Windows by those of the C runtime (boto/botocore
// botocore/compat.py); the SDKs for JavaScript and Go hand it to sh -c, or on Windows to
// cmd.exe (aws/aws-sdk-js-v3 packages/credential-provider-process, aws/aws-sdk-go-v2
// credentials/processcreds/provider.go). What all of them read alike is a plain path
// and, outside Windows, one in double quotes where it holds a space.
//
// Backslashes of Windows are doubled: releases of the SDK for Go read \t and \n in a
// path as a tab and a line feed (aws/aws-sdk-go-v2#2273), and a doubled one as a
// single one. Everyone else keeps both, which Windows takes for one separator. Forward
// slashes are no way out: cmd.exe takes them for switches.
func commandLine(goos, dir, id string) string {
	program := spell(goos, dir+string(separator(goos))+program(goos))
	if strings.Contains(program, " ") {
		program = `"` + program + `"`
	}
	return program + " credential-process " + id
}

func spell(goos, path string) string {
	if goos == "windows" {
		return strings.ReplaceAll(path, `\`, `\\`)
	}
	return path
}

func separator(goos string) rune {
	if goos == "windows" {
		return '\\'
	}
	return '/'
}

// binaryName is the name of the binary's copy.
var binaryName = program(runtime.GOOS)

func program(goos string) string {
	if goos == "windows" {
		return "assume-aws-role.exe"
	}
	return "assume-aws-role"
}

// writtenPath is the path of the profile's directory as it can stand in the config
// file. On Windows, where no quotes survive every SDK, a path that cannot is written
// with the 8.3 names of its folders.
func writtenPath(tempDir string) (string, error) {
	return writtenFor(runtime.GOOS, tempDir, shortName)
}

func writtenFor(goos, tempDir string, short func(string) string) (string, error) {
	name := filepath.Base(Dir(tempDir))
	join := func(parent string) string {
		return strings.TrimRight(parent, string(separator(goos))) + string(separator(goos)) + name
	}
	if goos != "windows" {
		if problem := posixProblem(tempDir); problem != "" {
			return "", badPath(tempDir, problem, nil)
		}
		return join(tempDir), nil
	}
	long := strings.ReplaceAll(tempDir, "/", `\`)
	problem := windowsProblem(join(long))
	if problem == "" {
		return join(long), nil
	}
	// The file names that later steps get are the long ones.
	if n := len(join(long) + `\` + program(goos)); n >= maxPath {
		return "", badPath(tempDir, tooLong(n, ""), nil)
	}
	if s := short(long); s != "" && windowsProblem(join(s)) == "" {
		return join(s), nil
	}
	f := badPath(tempDir, problem+", and it has no short (8.3) name without that", nil)
	f.Remedy = append(f.Remedy, "Or have the volume keep 8.3 names (fsutil 8dot3name), and make the folder again.")
	return "", f
}

// posixProblem says what in a path at least one SDK would read as something else.
func posixProblem(p string) string {
	if i := strings.IndexAny(p, "\"'$`%!"); i >= 0 {
		return fmt.Sprintf("it contains the character %q, which the AWS SDKs read in different ways", p[i])
	}
	if strings.ContainsFunc(p, unicode.IsControl) {
		return "it contains a line break or another control character"
	}
	if strings.Contains(p, `\`) {
		return "it contains a backslash, which a shell drops"
	}
	if strings.Contains(p, " ") {
		// In quotes a shell is no danger, but two parsers of the config file take these
		// for the start of a comment.
		if strings.Contains(p, " #") || strings.Contains(p, " ;") {
			return "it contains a space before # or ;, which starts a comment in an AWS config file"
		}
		return ""
	}
	if i := strings.IndexAny(p, "&;|<>()*?[]{}"); i >= 0 {
		return fmt.Sprintf("it contains the character %q, which a shell does not take literally", p[i])
	}
	return ""
}

// maxPath is MAX_PATH: no client starts a program whose path, as it is written, is this
// long, and not all read a file.
const maxPath = 260

func tooLong(n int, how string) string {
	return fmt.Sprintf("the path of the program in it would have %d characters%s, and on Windows only shorter ones than %d work everywhere", n, how, maxPath)
}

// windowsProblem says what keeps a directory's path from being written so that cmd.exe
// and every SDK start the program in it. Quotes are no help: Go's os/exec escapes them
// on their way to cmd.exe (aws/aws-sdk-go-v2#3208), and cmd.exe drops them where the
// text between them holds one of & ( ) ^ ; , = @.
func windowsProblem(dir string) string {
	if len(dir) < 3 || dir[1] != ':' || dir[2] != '\\' {
		return "it is no path on a drive (C:\\…), and cmd.exe works on no other"
	}
	for _, r := range dir {
		switch {
		case r > unicode.MaxASCII:
			return fmt.Sprintf("it contains the character %q, which is outside ASCII", r)
		case unicode.IsControl(r):
			return "it contains a control character"
		case strings.ContainsRune(" \"'$`%!&|<>()^;,=@", r):
			return fmt.Sprintf("it contains the character %q, which cmd.exe or an AWS SDK reads as something else", r)
		}
	}
	if n := len(spell("windows", dir+`\`+program("windows"))); n >= maxPath {
		return tooLong(n, " as it is written")
	}
	return ""
}

// Check reports before any request, and without writing anything, whether a profile can
// lie below tempDir. Its faults are AAR-PROFILE-PATH and AAR-PROFILE-NOEXEC; both name
// the other way of exporting.
func Check(tempDir string) error {
	if tempDir == "" || !filepath.IsAbs(tempDir) {
		return badPath(tempDir, "it is not an absolute path", nil)
	}
	info, err := os.Stat(tempDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return badPath(tempDir, "it does not exist", err)
	case err != nil:
		return badPath(tempDir, "it cannot be read: "+reason(err), err)
	case !info.IsDir():
		return badPath(tempDir, "it is not a directory", nil)
	}
	if _, err := writtenPath(tempDir); err != nil {
		return err
	}
	if dir := openAncestor(tempDir); dir != "" {
		return replaceable(tempDir, dir)
	}
	if noExecMount(tempDir) {
		return noExec(tempDir, "its file system is mounted noexec", nil)
	}
	return nil
}

// replaceable is the fault for a directory in which other users can put their own in
// place of ours.
func replaceable(tempDir, dir string) *fault.Fault {
	f := badPath(tempDir, fmt.Sprintf("other users of this machine can write to %q, which has no sticky bit, and so could put a program of their own in the profile's place", dir), nil)
	f.Remedy = []string{variablesInstead, "Or take the permission away from them: chmod go-w " + quoted(dir)}
	return f
}

// quoted is a path as a shell takes it.
func quoted(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }

func noExec(tempDir, why string, cause error) *fault.Fault {
	return &fault.Fault{
		Code: fault.ProfileNoExec, Summary: "programs cannot run from the agent's temp directory",
		Why:    fmt.Sprintf("AGENT_TEMPDIRECTORY is %q: %s; a profile runs a program from there.", tempDir, why),
		Remedy: []string{variablesInstead, "Or move the agent's work folder to where its user may run programs."},
		Cause:  cause,
	}
}
