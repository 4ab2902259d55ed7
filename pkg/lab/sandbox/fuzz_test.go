package sandbox

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzSTS sends any body and any signature, and wants a well-formed refusal.
func FuzzSTS(f *testing.F) {
	f.Add("Action=GetCallerIdentity&Version=2011-06-15", "AWS4-HMAC-SHA256 Credential=A/20261125/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=00", "20261125T000000Z")
	f.Add("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::111122223333:role/deploy&RoleSessionName=ab&WebIdentityToken=eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsxXX0.AA", "", "")
	f.Add("Action=AssumeRole&Version=2011-06-15&Tags.member.1.Key=\x00", "AWS4-HMAC-SHA256 =", "x")
	s, err := New(Default())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, body, authorization, date string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Amz-Date", date)
		form, _ := url.ParseQuery(body)
		out := s.serveSTS(&call{Request: r, body: []byte(body), form: form, log: s.record(LegSTS, r)})
		if out.status < 400 {
			t.Errorf("status %d", out.status)
		}
		for decoder := xml.NewDecoder(strings.NewReader(string(out.body))); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, out.body)
			}
		}
		s.Reset()
	})
}

func FuzzParseFault(f *testing.F) {
	f.Add("sts:status=503,times=2")
	f.Add("ado:retryAfter=date:5,delay=-1h")
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err == nil && fault.text != text {
			t.Errorf("%q became %q", text, fault.text)
		}
	})
}
