package awsprofile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/assume-aws-role/assume-aws-role/pkg/errno"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// variablesInstead is the way out of whatever keeps a profile from being written.
const variablesInstead = "Use exportAs: variables, which needs no files."

// openToOthers is the error for a file that was made for this user alone and comes out
// otherwise: its file system keeps no owners, modes or access lists.
type openToOthers struct{ err error }

func (o *openToOthers) Error() string { return o.err.Error() }
func (o *openToOthers) Unwrap() error { return o.err }

func badPath(tempDir, why string, cause error) *fault.Fault {
	return &fault.Fault{
		Code: fault.ProfilePath, Summary: "the agent's temp directory cannot hold a profile",
		Why:    fmt.Sprintf("AGENT_TEMPDIRECTORY is %q: %s.", tempDir, why),
		Remedy: []string{variablesInstead, "Or configure the agent with a work folder whose path consists of letters, digits, - _ . and separators."},
		Cause:  cause,
	}
}

// badState is a fault of the profile's files as a renewal or another step finds them.
func badState(path, why string, cause error) *fault.Fault {
	return &fault.Fault{
		Code: fault.ProfileState, Summary: "the profile's files cannot be trusted or read",
		Why: fmt.Sprintf("%s: %s.", filepath.Base(path), why), Cause: cause,
	}
}

// asState turns an error about the profile's files into a fault.
func asState(err error) error {
	if _, ok := fault.As(err); ok || err == nil {
		return err
	}
	u, ok := errors.AsType[*privatefile.Untrusted](err)
	if !ok {
		return &fault.Fault{Code: fault.ProfileState, Summary: "the profile's files cannot be used", Why: reason(err) + ".", Cause: err}
	}
	f := badState(u.Path, u.Why, err)
	if errors.Is(err, fs.ErrPermission) && exists(u.Path) {
		f.Remedy = []string{
			fmt.Sprintf("Find out which tool changed the owner or the permissions of %q; only the user of the job may have access to it.", u.Path),
			"Run the AssumeAwsRole step again, which rewrites the profile.",
		}
	}
	return f
}

// asWrite turns what kept a step from writing a profile into a fault that names the way
// out. Running the step again would change nothing.
func asWrite(tempDir string, err error) error {
	if f, ok := fault.As(err); ok {
		return f
	}
	if o, ok := errors.AsType[*openToOthers](err); ok {
		f := badPath(tempDir, "a file that this step makes there does not stay private ("+o.Error()+"); FAT and some network shares keep no owners, modes or access lists", err)
		f.Remedy[1] = "Or move the agent's work folder to a local file system."
		return f
	}
	if u, ok := errors.AsType[*privatefile.Untrusted](err); ok {
		f := badState(u.Path, u.Why, err)
		f.Remedy = []string{"Find out what put that into the agent's temp directory, and delete it there.", variablesInstead}
		return f
	}
	f := &fault.Fault{
		Code: fault.ProfileWrite, Summary: "the profile could not be written",
		Why: fmt.Sprintf("AGENT_TEMPDIRECTORY is %q: %s.", tempDir, reason(err)), Cause: err,
	}
	if c := cause(err); c.remedy != "" {
		f.Remedy = []string{c.remedy, variablesInstead}
	}
	return f
}

// causes are the errors of file systems that users can do something about. On Windows
// a number may be of two classes, so the order counts.
var causes = []struct {
	class       errno.Class
	why, remedy string
}{
	{errno.Full, "the file system is full", "Free space (or inodes) on the file system of the agent's work folder."},
	{errno.Quota, "the disk quota of the agent's user is used up", "Free space of that user, or raise the quota."},
	{errno.ReadOnly, "the file system is mounted read-only", "Mount the agent's work folder so that the step can write to it."},
	{errno.Stale, "the network file system no longer knows the directory", "Mount the file system again, and restart the agent."},
	{errno.Blocked, "a policy of this machine or a virus scanner blocks it", "Let the policy (AppLocker, App Control, Defender) allow assume-aws-role in the agent's temp directory."},
	{errno.NotPermitted, "the system forbids it although the permissions do not (an immutable directory or a security module)", "Look for an immutable flag (lsattr) or a denial in the audit log (ausearch -m avc)."},
	{errno.Denied, "the agent's user has no permission", "Give the user of the agent full access to its work folder."},
	{errno.Unsupported, "the file system does not support it", "Move the agent's work folder to a local file system."},
}

type knownCause struct{ why, remedy string }

func cause(err error) knownCause {
	for _, c := range causes {
		if c.class.Has(err) {
			return knownCause{c.why, c.remedy}
		}
	}
	return knownCause{}
}

// reason says an error of the system in words, without the paths around it.
func reason(err error) string {
	said := ""
	if d, ok := errors.AsType[*during](err); ok {
		said = d.doing + ": "
	}
	if c := cause(err); c.why != "" {
		return said + c.why
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return said + "the system says: " + p.Err.Error()
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return said + "the system says: " + l.Err.Error()
	}
	return err.Error()
}

// during is an error with what was being done in words.
type during struct {
	doing string
	err   error
}

func (d *during) Error() string { return d.doing + ": " + d.err.Error() }
func (d *during) Unwrap() error { return d.err }

func busy(cause error) error {
	return &fault.Fault{
		Code: fault.ProfileBusy, Summary: "another process kept the profile locked for too long",
		Why: "it was renewing or writing the profile and did not finish in time.", Cause: cause,
	}
}
