package idtoken

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// TestRequestOnTheWire sees through a real server what is sent, once.
func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	type seen struct{ Method, URI, Authorization, Agent, Suppress, Accept, Cookie, Body string }
	var got []seen
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		got = append(got, seen{r.Method, r.RequestURI, h.Get("Authorization"), h.Get("User-Agent"), h.Get("X-TFS-FedAuthRedirect"), h.Get("Accept"), h.Get("Cookie"), string(body)})
		w.Header().Set("Content-Type", "application/json; charset=utf-8; api-version=7.1")
		_, _ = io.WriteString(w, `{"oidcToken":"canary-token"}`)
	}))
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL + "/org/p/oidctoken?keep=1")
	if err != nil {
		t.Fatal(err)
	}
	r := Requester{
		Transport: network.NewClient(network.Config{UserAgent: "assume-aws-role/9"}, time.Now, nil), Endpoint: endpoint,
		JobToken: secret.New("canary-job"), Now: time.Now,
	}
	for _, connection := range []string{"0a1b", ""} {
		if token, err := r.Request(t.Context(), connection); err != nil || token.Token.Reveal() != "canary-token" {
			t.Errorf("no token, or another: %v", err)
		}
	}
	sent := seen{"POST", "/org/p/oidctoken?api-version=7.1&keep=1&serviceConnectionId=0a1b", "Bearer canary-job", "assume-aws-role/9", "Suppress", "application/json", "", ""}
	own := sent
	own.URI = "/org/p/oidctoken?api-version=7.1&keep=1"
	if diff := cmp.Diff([]seen{sent, own}, got); diff != "" {
		t.Error(diff)
	}
	if text := fmt.Sprintf("%+v", r.JobToken); strings.Contains(text, "canary") {
		t.Error("the job token can be printed")
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestTransportErrors: what may pass is repeated, what cannot is not.
func TestTransportErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err, body error
		retry     fault.Retry
		code      fault.Code
	}{
		"reset":        {io.ErrUnexpectedEOF, nil, fault.Soon, fault.OIDCUnreachable},
		"cut":          {nil, io.ErrUnexpectedEOF, fault.Soon, fault.OIDCUnreachable},
		"too large":    {nil, network.ErrBodyTooLarge, fault.Never, fault.OIDCResponse},
		"no such host": {&net.DNSError{IsNotFound: true}, nil, fault.Never, fault.OIDCUnreachable},
		"with a URL":   {errors.New(`Post "https://u:canary-proxy@proxy": no`), nil, fault.Soon, fault.OIDCUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				r := Requester{
					Endpoint: &url.URL{Scheme: "https", Host: "dev.azure.com"}, Now: time.Now, JobToken: secret.New("canary-job"),
					Transport: transport(func(*http.Request) (*http.Response, error) {
						if requests++; tt.err != nil {
							return nil, tt.err
						}
						return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(failing{tt.body})}, nil
					}),
				}
				_, err := r.Request(t.Context(), "")
				f, _ := fault.As(err)
				if requests != 1 {
					t.Errorf("%d requests, want one", requests)
				}
				if f == nil || f.Code != tt.code {
					t.Fatalf("error %#v, want %s", err, tt.code)
				}
				if f.Retry != tt.retry {
					t.Errorf("%s: retry %d, want %d", f.Code, f.Retry, tt.retry)
				}
				if strings.Contains(f.Message(), "canary") {
					t.Errorf("the token is quoted: %s", f.Message())
				}
			})
		})
	}
}
