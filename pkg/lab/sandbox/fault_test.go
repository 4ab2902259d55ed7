package sandbox

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "sts", "metadata:reset", "sts:", "sts:nonsense", "sts:status", "sts:status=x", "sts:delay=2", "ado:times=-1", "sts:skew=soon"} {
		if _, err := ParseFault(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// TestFaults shows each fault's answer on the leg it is for.
func TestFaults(t *testing.T) {
	t.Parallel()
	for fault, tc := range map[string]struct {
		status int
		want   string // in the body
		header string // name: value
	}{
		"ado:status=503":                    {503, `"typeKey":"VssServiceException"`, ""},
		"ado:status=429,retryAfter=7":       {429, "", "Retry-After: 7"},
		"ado:planSecurity":                  {500, `"typeKey":"TaskOrchestrationPlanSecurityException"`, ""},
		"ado:planSecurity,status=403":       {403, "TaskOrchestrationPlanSecurityException", ""},
		"ado:noReference,status=200":        {200, `"value":"There is no explicit reference`, ""},
		"ado:html":                          {203, "<!DOCTYPE html>", "Content-Type: text/html; charset=utf-8"},
		"ado:redirect":                      {302, "", "Location: /_sandbox_redirected"},
		"ado:redirect=https://evil.test/":   {302, "", "Location: https://evil.test/"},
		"ado:empty":                         {200, `{"oidcToken":""}`, ""},
		"ado:null":                          {200, `{"oidcToken":null}`, ""},
		"ado:half":                          {200, `{}`, ""},
		"ado:type=text/plain":               {200, `{"oidcToken":"eyJ`, "Content-Type: text/plain"},
		"ado:inject":                        {400, `\n##vso[task.setvariable`, ""},
		"ado:code=X,message=why,status=400": {400, `"message":"why"`, ""},
		"sts:status=503":                    {503, "<Code>ServiceUnavailable</Code>", ""},
		"sts:status=429":                    {429, "<Code>Throttling</Code>", ""},
		"sts:code=IDPCommunicationError":    {400, "<Code>IDPCommunicationError</Code>", ""},
		"sts:inject,status=403":             {403, "&#xA;##vso[task.complete result=Succeeded]", ""},
		"sts:null":                          {200, "", ""},
		"sts:wrongAccount":                  {200, "<Arn>arn:aws:sts::999988887777:assumed-role/deploy/", ""},
		"sts:wrongRole":                     {200, "<Arn>arn:aws:sts::111122223333:assumed-role/somebody-else/payments-98765</Arn>", ""},
		"sts:html,status=200":               {200, "<!DOCTYPE html>", ""},
		"entra:status=503":                  {503, `"error":"temporarily_unavailable"`, ""},
		"entra:code=700213,status=401":      {401, `"error_codes":[700213]`, ""},
		"entra:null":                        {200, `"access_token":null`, ""},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := start(t, Default())
			got := faulted(t, s, fault)
			contain(t, got, tc.status, tc.want)
			if name, value, ok := strings.Cut(tc.header, ": "); ok && got.header.Get(name) != value {
				t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
			}
			leg, _, _ := strings.Cut(fault, ":")
			if last := s.Requests(leg)[0]; last.Fault != fault || last.Status != tc.status {
				t.Errorf("recorded %+v", last)
			}
		})
	}
}

// faulted switches a fault on and makes a good request of its leg.
func faulted(t *testing.T, s *Sandbox, fault string) reply {
	t.Helper()
	jwt := token(t, s, connectionID(t, "azure-prod"))
	s.Reset()
	if err := s.SetFaults(fault); err != nil {
		t.Fatal(err)
	}
	switch fault[:3] {
	case "ado":
		return send(t, direct(t), tokenRequest(t, s, connectionID(t, "azure-prod")))
	case "sts":
		return webIdentity(t, s, jwt, "deploy")
	}
	return exchange(t, s, jwt, nil)
}

func TestRetryAfterDate(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Now = func() time.Time { return time.Unix(vectorTime, 0) }
	s := start(t, cfg)
	got := faulted(t, s, "ado:status=429,retryAfter=date:30,skew=10m")
	if v := got.header.Get("Retry-After"); v != "Mon, 23 Nov 2026 00:00:30 GMT" {
		t.Errorf("Retry-After %s", v)
	}
	if v := got.header.Get("Date"); v != "Mon, 23 Nov 2026 00:10:00 GMT" {
		t.Errorf("Date %s", v)
	}
}

func TestFaultTimes(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	if err := s.SetFaults("ado:status=503,skip=1,times=2", "sts:status=500,action=AssumeRole"); err != nil {
		t.Fatal(err)
	}
	var got []int
	for range 5 {
		got = append(got, send(t, direct(t), tokenRequest(t, s, "")).status)
	}
	if want := [5]int{200, 503, 503, 200, 200}; [5]int(got) != want {
		t.Errorf("statuses %v", got)
	}
	contain(t, webIdentity(t, s, token(t, s, ""), "deploy"), 200)
	noViolations(t, s)
}

// TestBrokenDelivery wants transport errors where the fault says so.
func TestBrokenDelivery(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"ado:reset", "ado:cut", "ado:huge=1048576", "ado:drip=1ms", "ado:delay=1h"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := start(t, Default())
			if err := s.SetFaults(fault); err != nil {
				t.Fatal(err)
			}
			c := direct(t)
			if strings.Contains(fault, "delay") {
				c.Timeout = 50 * time.Millisecond
			}
			body, err := fetch(c, tokenRequest(t, s, ""))
			switch fault {
			case "ado:huge=1048576":
				if len(body) < 1<<20 {
					t.Errorf("only %d bytes", len(body))
				}
			case "ado:drip=1ms":
				if err != nil || !strings.HasSuffix(string(body), `"}`) {
					t.Errorf("did not arrive: %v", err)
				}
			default:
				if err == nil {
					t.Error("a whole answer arrived")
				}
			}
			if fault == "ado:cut" && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func fetch(c *http.Client, r *http.Request) ([]byte, error) {
	response, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	return body, errors.Join(err, response.Body.Close())
}

// TestProxyFaults wants a tunnel to fail as often as the fault says.
func TestProxyFaults(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	if err := s.SetFaults("proxy:status=407,times=1", "proxy:reset,times=1"); err != nil {
		t.Fatal(err)
	}
	for _, ok := range []bool{false, false, true} {
		_, err := fetch(proxied(t, s, nil), request(t, http.MethodGet, "https://sts.amazonaws.com/", ""))
		if (err == nil) != ok {
			t.Errorf("got %v, want success %t", err, ok)
		}
	}
}

func TestRedirectFollowed(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	if err := s.SetFaults("sts:redirect,times=1"); err != nil {
		t.Fatal(err)
	}
	c := direct(t)
	c.CheckRedirect = nil
	send(t, c, request(t, http.MethodPost, s.STSURL+"/", ""))
	if v := s.Violations(); len(v) == 0 || !strings.Contains(v[0], "redirect was followed") {
		t.Errorf("violations: %q", v)
	}
}

func TestHalfAndTruncated(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	if got := faulted(t, s, "sts:half"); strings.Contains(got.body, "SecretAccessKey") || !strings.Contains(got.body, "SessionToken") {
		t.Error("not half an answer")
	}
	if got := faulted(t, start(t, Default()), "sts:truncated"); strings.Contains(got.body, "</AssumeRoleWithWebIdentityResponse>") {
		t.Error("not truncated")
	}
}
