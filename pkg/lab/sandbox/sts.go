package sandbox

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
	"time"
)

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// stsError is a refusal of STS in AWS's words.
type stsError struct {
	code    string
	status  int
	message string
}

func (e *stsError) Error() string { return e.code + ": " + e.message }

// answer is the error document (docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html).
func (e *stsError) answer() *answer {
	kind := "Sender"
	if e.status >= 500 {
		kind = "Receiver"
	}
	id := newGUID()
	var b bytes.Buffer
	b.WriteString(`<ErrorResponse xmlns="` + stsNamespace + `"><Error>`)
	element(&b, "Type", kind)
	element(&b, "Code", e.code)
	element(&b, "Message", e.message)
	b.WriteString("</Error>")
	element(&b, "RequestId", id)
	b.WriteString("</ErrorResponse>")
	return xmlAnswer(e.status, id, b.Bytes())
}

func element(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(text)) // a bytes.Buffer takes every write
	b.WriteString("</" + name + ">")
}

func xmlAnswer(status int, id string, body []byte) *answer {
	out := respond(status, "text/xml", body)
	out.header.Set("X-Amzn-Requestid", id)
	return out
}

// result is a success document of the query protocol.
func result(action string, fields func(*bytes.Buffer)) *answer {
	id := newGUID()
	var b bytes.Buffer
	b.WriteString("<" + action + `Response xmlns="` + stsNamespace + `"><` + action + "Result>")
	fields(&b)
	b.WriteString("</" + action + "Result><ResponseMetadata>")
	element(&b, "RequestId", id)
	b.WriteString("</ResponseMetadata></" + action + "Response>")
	return xmlAnswer(http.StatusOK, id, b.Bytes())
}

// hidden are the parameters that are not recorded.
var hidden = []string{"WebIdentityToken", "Policy", "Action", "Version"}

func (s *Sandbox) serveSTS(c *call) *answer {
	c.log.Action = c.form.Get("Action")
	for name := range c.form {
		if !containsFold(hidden, name) {
			c.log.Parameters[name] = c.form.Get(name)
		}
	}
	if strings.Contains(string(c.body), s.JobToken) || strings.Contains(c.Header.Get("Authorization"), s.JobToken) {
		s.rec.violation("sts: the request holds the job token")
	}
	if c.Header.Get("Cookie") != "" {
		s.rec.violation("sts: the request carries cookies")
	}
	out, err := s.stsAnswer(c)
	if err != nil {
		return err.answer()
	}
	return out
}

func containsFold(list []string, name string) bool {
	for _, v := range list {
		if strings.EqualFold(v, name) {
			return true
		}
	}
	return false
}

func (s *Sandbox) stsAnswer(c *call) (*answer, *stsError) {
	if c.Method != http.MethodPost || c.URL.Path != "/" && c.URL.Path != "" {
		s.rec.violation("sts: %s %s instead of POST /", c.Method, c.URL.Path)
		return nil, &stsError{"InvalidAction", http.StatusBadRequest, "The action or operation requested is invalid."}
	}
	if c.form.Get("Version") != "2011-06-15" {
		return nil, &stsError{"InvalidAction", http.StatusBadRequest, "Could not find operation " + c.log.Action + " for version " + c.form.Get("Version")}
	}
	switch c.log.Action {
	case "AssumeRoleWithWebIdentity":
		return s.assumeWithWebIdentity(c)
	case "AssumeRole":
		return s.assumeRole(c)
	case "GetCallerIdentity":
		return s.callerIdentity(c)
	}
	return nil, &stsError{"InvalidAction", http.StatusBadRequest, "Could not find operation " + c.log.Action + " for version 2011-06-15"}
}

// callerIdentity answers who signed the request.
func (s *Sandbox) callerIdentity(c *call) (*answer, *stsError) {
	caller, err := s.authenticate(c, "sts")
	if err != nil {
		return nil, err
	}
	return result("GetCallerIdentity", func(b *bytes.Buffer) {
		element(b, "Arn", caller.arn)
		element(b, "UserId", caller.userID)
		element(b, "Account", caller.account)
	}), nil
}

// write writes the elements that every assumed role answers with.
func (sess *session) write(b *bytes.Buffer) {
	b.WriteString("<AssumedRoleUser>")
	element(b, "Arn", sess.arn)
	element(b, "AssumedRoleId", sess.userID)
	b.WriteString("</AssumedRoleUser><Credentials>")
	element(b, "AccessKeyId", sess.keyID)
	element(b, "SecretAccessKey", sess.secretKey)
	element(b, "SessionToken", sess.token)
	element(b, "Expiration", sess.expires.UTC().Format(time.RFC3339))
	b.WriteString("</Credentials>")
	element(b, "PackedPolicySize", "6")
	if sess.sourceIdentity != "" {
		element(b, "SourceIdentity", sess.sourceIdentity)
	}
}
