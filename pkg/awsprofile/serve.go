package awsprofile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/privatefile"
)

const (
	// callLimit bounds a whole call, the wait for the lock included. SDKs that limit
	// the process at all give it a minute (aws/aws-sdk-go-v2
	// credentials/processcreds/provider.go, DefaultTimeout).
	callLimit = 43 * time.Second
	// liveLimit bounds a renewal while the cached credentials are still good: an outage
	// must not stop every command for the whole of callLimit. It leaves room for one
	// more try.
	liveLimit = 6 * time.Second
	// ahead is how long before their end credentials are renewed, unless a third of
	// their lifetime is shorter. It covers the refresh windows of the SDKs, which
	// would otherwise call for every request.
	ahead = 15 * time.Minute
	// clockTolerance is how far a clock may be set back before the times in the state
	// count for nothing.
	clockTolerance = 5 * time.Minute
)

// ServeOptions say what Serve answers with.
type ServeOptions struct {
	// Dir is the profile directory: the one the executable lies in.
	Dir string
	// ID is the profile's id.
	ID string
	// Stdout receives one JSON document, in one write, or nothing.
	Stdout io.Writer
	// Note is called with remarks for the user; they hold no secret.
	Note func(string)
	// Now is the clock.
	Now func() time.Time
	// Renew obtains new credentials from the plan in the state.
	Renew func(ctx context.Context, plan []byte) (iam.Credentials, error)
	// Transient reports whether an error of Renew is of the network or an overloaded
	// service, so that live credentials may serve a little longer.
	Transient func(error) bool
}

// Serve answers one call of credential_process, as the AWS SDKs and Tools Reference
// Guide defines it ("Process credential provider"). Cached credentials serve while
// more than 15 minutes, or a third of their lifetime if that is shorter, remain.
// Otherwise one caller renews them under a lock, and those who waited take what it
// wrote. The call ends within 45 seconds. Faults: AAR-PROFILE-STATE,
// AAR-PROFILE-BUSY, AAR-CLOCK, and those of Renew.
func Serve(ctx context.Context, o ServeOptions) error {
	cached, err := cachedState(o)
	if err != nil {
		return err
	}
	if cached.fresh(o.Now()) {
		return emit(o.Stdout, cached)
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	renewed, err := await(ctx, o, cached)
	if err != nil {
		return err
	}
	return emit(o.Stdout, renewed)
}

// cachedState reads the state, once it is certain whose it is.
func cachedState(o ServeOptions) (*state, error) {
	if !ValidID(o.ID) {
		return nil, &fault.Fault{Code: fault.ProfileState, Summary: "invalid profile id", Why: "an id consists of 32 hexadecimal digits."}
	}
	if err := privatefile.CheckDir(o.Dir); err != nil {
		return nil, asState(err)
	}
	return load(o.Dir, o.ID)
}

// await gets the lock, looks whether another caller has been faster, and renews if
// not.
func await(ctx context.Context, o ServeOptions, before *state) (*state, error) {
	began := o.Now()
	release, err := acquire(ctx, lockPath(o.Dir, o.ID))
	if err != nil {
		return fallBack(o, before, lockFault(err), isBusy(err) && !errors.Is(ctx.Err(), context.Canceled))
	}
	defer release()
	current, err := load(o.Dir, o.ID)
	if err != nil {
		return nil, err
	}
	now := o.Now()
	if current.fresh(now) || current.newer(before) && current.live(now) {
		return current, nil
	}
	if f := current.Failure; f != nil && f.Fault != nil && f.At.After(began) && !f.At.After(now) {
		return fallBack(o, current, f.Fault, f.Transient)
	}
	return renew(ctx, o, current)
}

// renew obtains credentials and saves them. The caller holds the lock. On a
// transient failure it falls back to live ones. It leaves word for those who wait.
func renew(ctx context.Context, o ServeOptions, current *state) (*state, error) {
	if current.live(o.Now()) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, liveLimit)
		defer cancel()
	}
	c, err := o.Renew(ctx, current.Plan)
	if err != nil {
		if !canceled(err) {
			current.Failure = &failure{o.Now(), o.Transient(err), fault.Of(err, "the renewal stopped for an unknown reason")}
			_ = current.store(o.Dir)
		}
		return fallBack(o, current, err, o.Transient(err))
	}
	current.set(c)
	if !current.complete() || !current.live(o.Now()) {
		return nil, pastEnd(c)
	}
	if err := current.store(o.Dir); err != nil {
		o.Note("the renewed credentials could not be saved for the next call: " + reason(err))
	}
	return current, nil
}

func fallBack(o ServeOptions, s *state, err error, transient bool) (*state, error) {
	if !transient || !s.live(o.Now()) {
		return nil, err
	}
	o.Note(fmt.Sprintf("renewal failed, serving the credentials that are good until %s: %s", stamp(s.Expires), err))
	return s, nil
}

func isBusy(err error) bool   { return hasCode(err, fault.ProfileBusy) }
func canceled(err error) bool { return hasCode(err, fault.Canceled) }

func hasCode(err error, c fault.Code) bool {
	f, ok := fault.As(err)
	return ok && f.Code == c
}

// lockFault turns what went wrong with the lock file into a fault.
func lockFault(err error) error {
	if errors.Is(err, privatefile.ErrGone) || errors.Is(err, fs.ErrNotExist) {
		return &fault.Fault{
			Code: fault.ProfileState, Summary: "the profile has been removed",
			Why: "the job ended, or the step that wrote the profile was cleaned up, during this call.", Cause: err,
		}
	}
	return asState(err)
}

func pastEnd(c iam.Credentials) error {
	return &fault.Fault{
		Code: fault.Clock, Summary: "the renewed credentials are not valid by this machine's clock",
		Why: fmt.Sprintf("AWS STS states their end as %s.", stamp(c.Expires)),
	}
}

func (s *state) lifetime() time.Duration { return s.Expires.Sub(s.Issued) }

// plausible reports whether the clock can be compared with the state's times. By a clock
// that is set back further, expired credentials would look valid.
func (s *state) plausible(now time.Time) bool {
	return !now.Add(clockTolerance).Before(s.Issued)
}

// later is the given time, or the time since the credentials were issued by the machine's
// uptime, whichever is later: a clock that was set back must not stretch their life. After
// a restart, the uptime leads to a time that is too early, never to one too late.
func (s *state) later(now time.Time) time.Time {
	if s.Boot == 0 {
		return now
	}
	if by := s.Issued.Add(sinceBoot() - s.Boot); by.After(now) {
		return by
	}
	return now
}

// fresh reports whether the credentials serve without a renewal.
func (s *state) fresh(now time.Time) bool {
	return s.live(now) && s.Expires.Sub(s.later(now)) > min(ahead, s.lifetime()/3)
}

// live reports whether the credentials have not come to their end.
func (s *state) live(now time.Time) bool {
	return s.plausible(now) && s.later(now).Before(s.Expires)
}

// newer reports whether another caller has renewed the credentials since.
func (s *state) newer(before *state) bool {
	return s.SessionToken != before.SessionToken || s.AccessKeyID != before.AccessKeyID
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// output is the document that the SDKs read.
type output struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// emit writes the document at once: a reader gets all of it or nothing.
func emit(w io.Writer, s *state) error {
	doc, err := json.Marshal(output{
		Version: 1, AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken,
		Expiration: stamp(s.Expires),
	})
	if err == nil {
		_, err = w.Write(append(doc, '\n'))
	}
	if err != nil {
		return &fault.Fault{
			Code: fault.ProfileWrite, Summary: "the credentials could not be written to standard output", Why: reason(err),
			Remedy: []string{"Look at the program that called: it closed the pipe, or sent the output to a full disk."}, Cause: err,
		}
	}
	return nil
}
