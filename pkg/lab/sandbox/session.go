package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"sync"
	"time"
)

// session is an assumed role and its credentials.
type session struct {
	keyID, secretKey, token string
	account, role           string // role is the ARN of the IAM role
	arn, userID             string // of the assumed role
	expires                 time.Time
	sourceIdentity          string
}

type credentialStore struct {
	mu       sync.Mutex
	sessions map[string]*session
}

func (st *credentialStore) find(keyID string) *session {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.sessions[keyID]
}

func (st *credentialStore) add(sess *session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sessions[sess.keyID] = sess
}

// issue creates the credentials of a role. tokenSize is the least length of the
// session token (parameter MinimumSessionTokenSize); 0 leaves it at about 900.
func (s *Sandbox) issue(role roleName, sessionName string, seconds, tokenSize int) *session {
	if limit := s.cfg.SessionSeconds; limit > 0 {
		seconds = min(seconds, limit)
	}
	sess := &session{
		keyID: "ASIA" + base32.StdEncoding.EncodeToString(randomBytes(10)), secretKey: secretKey(),
		token: s.sessionToken(tokenSize), account: role.account, role: role.arn,
		arn:     "arn:" + role.partition + ":sts::" + role.account + ":assumed-role/" + role.name + "/" + sessionName,
		userID:  roleID(role.arn) + ":" + sessionName,
		expires: s.now().Add(time.Duration(seconds) * time.Second).Truncate(time.Second),
	}
	s.creds.add(sess)
	return sess
}

// secretKey is 40 characters of base64 that always hold a slash and a plus sign,
// as many real ones do, to show what does not quote them.
func secretKey() string {
	text := base64.StdEncoding.EncodeToString(randomBytes(30))
	return text[:11] + "/" + text[12:25] + "+" + text[26:]
}

func (s *Sandbox) sessionToken(size int) string {
	const prefix = "IQoJb3JpZ2luX2Vj"
	if n := s.cfg.SessionTokenBytes; n > 0 {
		return (prefix + base64.StdEncoding.EncodeToString(randomBytes(n)))[:n]
	}
	token := prefix + base64.StdEncoding.EncodeToString(randomBytes(max(660, size*3/4)))
	return token + strings.Repeat("=", (4-len(token)%4)%4)
}

// roleID is the stable unique id of a role.
func roleID(arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return "AROA" + base32.StdEncoding.EncodeToString(sum[:10]) + "X"
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return b
}

func randomText(n int) string {
	return base64.RawURLEncoding.EncodeToString(randomBytes(n))[:n]
}
