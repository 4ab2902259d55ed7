// Package awsprofile owns the profile that later steps of a job use: a private
// directory below the agent's temp directory with an AWS config file whose
// profile runs a copy of this binary as credential_process, the state behind it,
// the renewal under a lock, and the removal of it all.
//
// It must not know how credentials are obtained: a renewal is a function that it
// is given, and what that function needs is an opaque plan in the state.
package awsprofile

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// The names of what the directory holds. Removal deletes these, and the state
// files, and nothing else.
const (
	directoryPrefix = "assume-aws-role-"
	configName      = "config"
	credentialsName = "credentials"
	markerName      = "assume-aws-role.marker"
	configLockName  = "config.lock"
)

// marker is the content of the file that tells our directory from a foreign one
// that happens to bear its name.
const marker = "This directory was created by the Azure Pipelines task AssumeAwsRole, which removes it after the job.\n"

// idLength is the number of hexadecimal digits of an id.
const idLength = 32

// maxName is the length of the longest profile name.
const maxName = 64

// The two forms are checked by hand: compiling patterns would cost every call of
// the credential process a tenth of its time.

// ValidID reports whether s has the form of a profile's id: 32 hexadecimal digits.
func ValidID(s string) bool {
	return len(s) == idLength && strings.Trim(s, "0123456789abcdef") == ""
}

func validName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._@-", r))
	})
}

// Options say what Create writes.
type Options struct {
	// ID names the profile's state; it comes from NewID.
	ID string
	// TempDir is the agent's temp directory, absolute.
	TempDir string
	// ProfileName is the profile in the config file: 1 to 64 of A-Z a-z 0-9 . _ @ -.
	ProfileName string
	// Region is the profile's region.
	Region string
	// Plan is what a renewal needs. It is opaque here and kept in the state alone.
	Plan []byte
	// Binary is the path of the executable to copy.
	Binary string
	// Credentials are the first ones to serve.
	Credentials iam.Credentials
	// Now is the clock.
	Now func() time.Time
}

// Profile is where later steps find what Create wrote.
type Profile struct {
	// Directory is the private directory.
	Directory string
	// ConfigFile is for AWS_CONFIG_FILE.
	ConfigFile string
	// CredentialsFile is for AWS_SHARED_CREDENTIALS_FILE. It holds the same profiles and
	// nothing else: some clients read credential_process only there, and the file of a
	// home directory cannot shadow the profile.
	CredentialsFile string
}

// NewID returns a name for a profile's state, of 128 random bits in hexadecimal.
// A step announces it to its post-job part before it creates anything.
func NewID() string {
	var b [idLength / 2]byte
	// crypto/rand.Read never returns an error.
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Dir is the directory that the profiles of one temp directory share. Its name is
// bound to the path, so that steps that see other paths (containers) do not mix.
func Dir(tempDir string) string {
	sum := sha256.Sum256([]byte(tempDir))
	return filepath.Join(tempDir, directoryPrefix+hex.EncodeToString(sum[:4]))
}

// Create writes the profile: directory, binary, state, then the entry in the files that
// other profiles share. What it has written of this profile is gone again when it fails.
// Its faults are AAR-PROFILE-PATH, AAR-PROFILE-STATE, AAR-PROFILE-BUSY and
// AAR-PROFILE-WRITE.
func Create(o Options) (Profile, error) {
	if !ValidID(o.ID) || !validName(o.ProfileName) {
		return Profile{}, &fault.Fault{Code: fault.Internal, Summary: "the profile has no valid id or name"}
	}
	if err := Check(o.TempDir); err != nil {
		return Profile{}, err
	}
	err := locked(o.TempDir, o.ID, func(dir string) error { return write(dir, o) })
	if err := undone(o.TempDir, o.ID, err); err != nil {
		return Profile{}, err
	}
	dir := Dir(o.TempDir)
	return Profile{Directory: dir, ConfigFile: filepath.Join(dir, configName), CredentialsFile: filepath.Join(dir, credentialsName)}, nil
}

// write runs under the lock of the config file. The entry comes last: a profile
// that is named there is complete.
func write(dir string, o Options) error {
	if err := installBinary(o.Binary, filepath.Join(dir, binaryName)); err != nil {
		return err
	}
	if err := privatefile.Ensure(lockPath(dir, o.ID), nil); err != nil {
		return err
	}
	if err := createState(dir, o); err != nil {
		return err
	}
	// Another step that removed the last profile a moment ago may have taken it away.
	if err := privatefile.Ensure(filepath.Join(dir, markerName), []byte(marker)); err != nil {
		return err
	}
	written, err := writtenPath(o.TempDir)
	if err != nil {
		return err
	}
	return editConfig(dir, func(text []byte) []byte {
		return upsertSection(text, o.ProfileName, []setting{
			{"region", o.Region},
			{processKey, commandLine(runtime.GOOS, written, o.ID)},
		})
	})
}

// installBinary copies the running executable, unless the same one is there. A
// different one, of another version of the task, is replaced.
func installBinary(from, to string) error {
	var src *os.File
	err := privatefile.Persist(func() (err error) {
		src, err = os.Open(from)
		return err
	})
	if err != nil {
		return fmt.Errorf("opening own binary: %w", err)
	}
	defer src.Close()
	_ = privatefile.RemoveStale(to) // what stays, the removal reports
	if same, err := sameContent(src, to); err != nil || same {
		return err
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading own binary: %w", err)
	}
	return privatefile.ReplaceProgram(to, src)
}

// sameContent compares a file with the one at path, which counts only if it is private;
// without one there the answer is no.
func sameContent(src io.Reader, path string) (bool, error) {
	f, err := privatefile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	const block = 1 << 16
	a, b := make([]byte, block), make([]byte, block)
	for {
		n, errA := io.ReadFull(src, a)
		m, errB := io.ReadFull(f, b)
		if !bytes.Equal(a[:n], b[:m]) {
			return false, nil
		}
		if errA != nil { // then b is as short and has its own
			return ended(errA) && ended(errB), nil
		}
	}
}

func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
