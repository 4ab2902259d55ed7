package awsprofile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

// stateVersion is raised when a state cannot be read by older binaries any more.
const stateVersion = 1

const (
	statePrefix = "state-"
	stateSuffix = ".json"
	lockSuffix  = ".lock"
)

func statePath(dir, id string) string { return filepath.Join(dir, statePrefix+id+stateSuffix) }
func lockPath(dir, id string) string  { return filepath.Join(dir, statePrefix+id+lockSuffix) }

// state is the file behind a profile. It holds secrets in clear, which is why every
// open of it checks owner and mode.
type state struct {
	Version         int       `json:"version"`
	ID              string    `json:"id"`
	AccessKeyID     string    `json:"accessKeyId"`
	SecretAccessKey string    `json:"secretAccessKey"`
	SessionToken    string    `json:"sessionToken"`
	Issued          time.Time `json:"issued"`
	Expires         time.Time `json:"expires"`
	Plan            []byte    `json:"plan"`
	// Boot is the time since the machine's start at which the credentials were issued;
	// 0 when there is no such clock.
	Boot time.Duration `json:"boot"`
	// Failure is the last renewal if it failed.
	Failure *failure `json:"failure,omitempty"`
}

// failure is what those who waited for a renewal that failed are told, so that they
// need not repeat it. It holds no secret, as no fault does.
type failure struct {
	At        time.Time    `json:"at"`
	Transient bool         `json:"transient"`
	Fault     *fault.Fault `json:"fault"`
}

func (s *state) set(c iam.Credentials) {
	s.AccessKeyID, s.SecretAccessKey, s.SessionToken = c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal()
	s.Issued, s.Expires, s.Boot, s.Failure = c.Issued, c.Expires, sinceBoot(), nil
}

func (s *state) encode() ([]byte, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding state: %w", err)
	}
	return data, nil
}

// createState writes the state of a new profile.
func createState(dir string, o Options) error {
	s := state{Version: stateVersion, ID: o.ID, Plan: o.Plan}
	s.set(o.Credentials)
	data, err := s.encode()
	if err != nil {
		return err
	}
	return privatefile.Replace(statePath(dir, o.ID), data)
}

// load reads a state. Its fault is AAR-PROFILE-STATE and never quotes the content.
func load(dir, id string) (*state, error) {
	path := statePath(dir, id)
	data, err := privatefile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, badState(path, "it does not exist; the profile belongs to another job or has been removed", err)
	}
	if err != nil {
		return nil, asState(err)
	}
	var s state
	if json.Unmarshal(data, &s) != nil || !s.complete() {
		return nil, badState(path, "its content is damaged", errContent)
	}
	if s.Version != stateVersion || s.ID != id {
		return nil, badState(path, "its content is of another profile or another version of this task", errContent)
	}
	return &s, nil
}

func (s *state) complete() bool {
	return s.AccessKeyID != "" && s.SecretAccessKey != "" && s.SessionToken != "" && !s.Expires.IsZero() && !s.Issued.IsZero()
}

// store saves renewed credentials. A state that has been removed in the meantime
// stays removed: the job is over.
func (s *state) store(dir string) error {
	data, err := s.encode()
	if err != nil {
		return err
	}
	path := statePath(dir, s.ID)
	if _, err := os.Lstat(path); err != nil {
		return fmt.Errorf("looking for state: %w", err)
	}
	_ = privatefile.RemoveStale(path) // what stays, the removal reports
	return privatefile.Replace(path, data)
}

// stateName reports whether a file name is one that this package gives to the state
// of some profile, its lock, or a temporary file of either.
func stateName(name string) bool {
	rest, ok := strings.CutPrefix(name, statePrefix)
	id := rest[:min(idLength, len(rest))]
	if !ok || !ValidID(id) {
		return false
	}
	rest = rest[len(id):]
	return rest == stateSuffix || rest == lockSuffix ||
		strings.HasPrefix(rest, stateSuffix+privatefile.TempInfix) || strings.HasPrefix(rest, lockSuffix+privatefile.TempInfix)
}
