package webidentity

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

var first = TokenRequest{
	Token: secret.New("canary-token"), SessionName: "run-1", Limits: Limits{DurationSeconds: 900},
	Role: iam.RoleARN{Partition: "aws", Account: "111122223333", Path: "/", Name: "deploy"},
}

// TestNamedHeadersOnly sets what makes the SDK add headers, and looks at all that arrive.
func TestNamedHeadersOnly(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME": "f", "_X_AMZN_TRACE_ID": "Root=1-canary", "AWS_SDK_UA_APP_ID": "canary", "AWS_EXECUTION_ENV": "canary",
	} {
		t.Setenv(name, value)
	}
	var got []string
	c := stsAt(t, http.StatusForbidden, failure("AccessDenied", "no"), func(r *http.Request) { got = slices.Sorted(maps.Keys(r.Header)) })
	want := []string{"Content-Length", "Content-Type", "User-Agent"}
	if _, err := c.AssumeWithToken(t.Context(), first); err == nil || cmp.Diff(want, got) != "" {
		t.Errorf("AssumeRoleWithWebIdentity, %v: %s", err, cmp.Diff(want, got))
	}
	want = []string{"Authorization", "Content-Length", "Content-Type", "User-Agent", "X-Amz-Date", "X-Amz-Security-Token"}
	if _, err := c.Assume(t.Context(), second); err == nil || cmp.Diff(want, got) != "" {
		t.Errorf("AssumeRole, %v: %s", err, cmp.Diff(want, got))
	}
}

// hasty is a server that answers as soon as it has seen a request's header, the answer's
// header and its body in two pieces, and closes the connection at once.
func hasty(t *testing.T, header, body string) Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				request, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.WriteString(conn, header)
				_, _ = io.WriteString(conn, body)
				_, _ = io.Copy(io.Discard, request.Body)
			}()
		}
	}()
	url := "http://" + listener.Addr().String()
	return New(network.NewClient(network.Config{}, time.Now, nil), url, "sts.host", "eu-west-1", time.Now, &foreign.Secrets{})
}

// TestAnswerBeforeTheRequestIsRead repeats a call against such a server: net/http still
// looks at the request's body when the SDK has closed its own.
func TestAnswerBeforeTheRequestIsRead(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf(answerXML, "arn:aws:sts::111122223333:assumed-role/deploy/run-1", "canary-key")
	c := hasty(t, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body)), body)
	large := first
	large.Token = secret.New(strings.Repeat("canary-token", 1000))
	for i := range 600 {
		if _, err := c.AssumeWithToken(t.Context(), large); err != nil {
			f, _ := fault.As(err)
			t.Fatalf("call %d: %v: %s", i+1, err, f.Why)
		}
	}
}

// TestAnswerThatBreaksOff is an error of the transport whatever its status, and keeps what
// support needs.
func TestAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ header, body, detail string }{
		"length not reached": {"HTTP/1.1 200 OK\r\nX-Amzn-Requestid: r-7\r\nContent-Length: 1000\r\n\r\n", answerXML[:200], "HTTP status: 200"},
		"chunk missing":      {"HTTP/1.1 503 Service Unavailable\r\nX-Amzn-Requestid: r-7\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\n<Err\r\n", "HTTP status: 503"},
		"no length at all":   {"HTTP/1.1 200 OK\r\nX-Amzn-Requestid: r-7\r\n\r\n", answerXML[:200], "HTTP status: 200"},
		"an error, cut":      {"HTTP/1.1 403 Forbidden\r\nX-Amzn-Requestid: r-7\r\n\r\n", failure("AccessDenied", "x")[:60], "HTTP status: 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := hasty(t, tt.header, tt.body).AssumeWithToken(t.Context(), first)
			f, ok := fault.As(err)
			if !ok || f.Code != fault.STSUnreachable {
				t.Fatalf("error %+v, want %s", err, fault.STSUnreachable)
			}
			if f.Retry != fault.Soon || !strings.Contains(f.Summary, "broke off") {
				t.Fatalf("the summary is %q, retry %d", f.Summary, f.Retry)
			}
			if diff := cmp.Diff([]string{tt.detail, "request id: r-7"}, f.Details); diff != "" {
				t.Error(diff)
			}
		})
	}
}
