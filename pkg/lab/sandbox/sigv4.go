package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature version 4 as docs.aws.amazon.com/IAM/latest/UserGuide/
// reference_sigv-create-signed-request.html describes it, in a header.

const sigAlgorithm = "AWS4-HMAC-SHA256"

// signature is a parsed Authorization header.
type signature struct {
	keyID, date, region, service string
	headers                      []string
	value                        string
}

func refused(code, message string) *stsError { return &stsError{code, http.StatusForbidden, message} }

var (
	errInvalidKey   = refused("InvalidClientTokenId", "The security token included in the request is invalid.")
	errExpiredKey   = refused("ExpiredToken", "The security token included in the request is expired")
	errBadSignature = refused("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
)

// Signer is the ARN of the assumed role that signed a request to another AWS service,
// a stand-in of somebody else's. The body is the request's, which has been read.
func (s *Sandbox) Signer(r *http.Request, body []byte, service string) (string, error) {
	sess, refusal := s.authenticate(&call{Request: r, body: body, log: &Request{}}, service)
	if refusal != nil {
		return "", refusal
	}
	return sess.arn, nil
}

// authenticate finds out who signed a request to a service.
func (s *Sandbox) authenticate(c *call, service string) (*session, *stsError) {
	sig, err := parseSignature(c.Header.Get("Authorization"))
	if err != nil {
		return nil, err
	}
	c.log.SigningRegion = sig.region
	sess := s.creds.find(sig.keyID)
	if sess == nil || !hmac.Equal([]byte(c.Header.Get("X-Amz-Security-Token")), []byte(sess.token)) {
		return nil, errInvalidKey
	}
	if err := s.checkScope(c, sig, service); err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(sig.value), []byte(sig.compute(c, sess.secretKey))) {
		return nil, errBadSignature
	}
	if !s.now().Before(sess.expires) {
		return nil, errExpiredKey
	}
	return sess, nil
}

func parseSignature(header string) (signature, *stsError) {
	if header == "" {
		return signature{}, refused("MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	incomplete := &stsError{"IncompleteSignature", http.StatusBadRequest, "Authorization header requires Credential, SignedHeaders and Signature parameters."}
	rest, ok := strings.CutPrefix(header, sigAlgorithm+" ")
	if !ok {
		return signature{}, incomplete
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" || fields["Signature"] == "" || fields["SignedHeaders"] == "" {
		return signature{}, incomplete
	}
	return signature{
		keyID: scope[0], date: scope[1], region: scope[2], service: scope[3],
		headers: strings.Split(fields["SignedHeaders"], ";"), value: fields["Signature"],
	}, nil
}

// checkScope checks time, region, service and which headers are signed.
func (s *Sandbox) checkScope(c *call, sig signature, service string) *stsError {
	for _, name := range []string{"host", "x-amz-date", "x-amz-security-token"} {
		if !slices.Contains(sig.headers, name) {
			return refused("SignatureDoesNotMatch", "'"+name+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	stamp := c.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	if err != nil || sig.date != stamp[:8] {
		return refused("SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
	}
	now := s.now().UTC()
	if now.Sub(at).Abs() > 15*time.Minute {
		return refused("SignatureDoesNotMatch", fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 15 min.)",
			stamp, now.Add(-15*time.Minute).Format("20060102T150405Z"), now.Format("20060102T150405Z")))
	}
	if sig.service != service {
		return refused("SignatureDoesNotMatch", "Credential should be scoped to correct service: '"+service+"'. ")
	}
	if want := s.region(c.Host); want != "" && sig.region != want {
		return refused("SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
	}
	return nil
}

// region is the region that the host stands for: its own, else the configured one.
func (s *Sandbox) region(host string) string {
	if region := regionOf(host); region != "" {
		return region
	}
	return s.cfg.Region
}

func (sig signature) compute(c *call, secretKey string) string {
	hash := sha256.Sum256([]byte(sig.canonical(c)))
	scope := strings.Join([]string{sig.date, sig.region, sig.service, "aws4_request"}, "/")
	text := strings.Join([]string{sigAlgorithm, c.Header.Get("X-Amz-Date"), scope, hex.EncodeToString(hash[:])}, "\n")
	key := []byte("AWS4" + secretKey)
	for _, part := range []string{sig.date, sig.region, sig.service, "aws4_request"} {
		key = keyed(key, part)
	}
	return hex.EncodeToString(keyed(key, text))
}

func keyed(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// canonical is the canonical request.
func (sig signature) canonical(c *call) string {
	var headers strings.Builder
	for _, name := range sig.headers {
		headers.WriteString(name + ":" + signedValue(c, name) + "\n")
	}
	path := c.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	return strings.Join([]string{
		c.Method, path, canonicalQuery(c.URL.Query()), headers.String(),
		strings.Join(sig.headers, ";"), payloadHash(c),
	}, "\n")
}

// payloadHash stands for the body. One that is sent in chunks, each with a signature of
// its own, is named by what it is (Amazon S3 API Reference, "Signature calculations:
// transferring a payload in multiple chunks").
func payloadHash(c *call) string {
	if named := c.Header.Get("X-Amz-Content-Sha256"); strings.HasPrefix(named, "STREAMING-") {
		return named
	}
	payload := sha256.Sum256(c.body)
	return hex.EncodeToString(payload[:])
}

// signedValue is a header's value as it is signed; net/http keeps two apart.
func signedValue(c *call, name string) string {
	switch name {
	case "host":
		return c.Host
	case "content-length":
		return strconv.FormatInt(c.ContentLength, 10)
	}
	var values []string
	for _, v := range c.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(v), " "))
	}
	return strings.Join(values, ",")
}

func canonicalQuery(query url.Values) string {
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}
