package cli_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/cli"
)

// hasty answers for the services as soon as it has seen the header of a request: with the
// header of the answer, and with its body when it has read the request's.
func hasty(t *testing.T, s services) string {
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
				for r := bufio.NewReader(conn); ; {
					request, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					answer := httptest.NewRecorder()
					s.ServeHTTP(answer, request)
					_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
						answer.Code, answer.Header().Get("Content-Type"), answer.Body.Len())
					_, _ = io.Copy(io.Discard, request.Body)
					_, _ = conn.Write(answer.Body.Bytes())
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// TestServicesThatAnswerAtOnce repeats a step 500 times: the SDK closes the body of its
// request while net/http still looks at it, which failed one step in forty.
func TestServicesThatAnswerAtOnce(t *testing.T) {
	t.Parallel()
	token := tokenOf(ownSubject) + strings.Repeat("canary-A", 1125) // longer than one write
	env := jobOf(hasty(t, services{token, "canary-secret", func() {}}))
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for i := range 500 {
		var out strings.Builder
		status := cli.Run(context.Background(), cli.Env{Args: []string{"task"}, Lookup: lookup, Stdout: &out, Stderr: io.Discard, Now: time.Now, Version: "1.0.0"})
		if status != 0 || strings.Contains(out.String(), "task.complete") {
			t.Fatalf("step %d failed, status %d:\n%s", i+1, status, out.String())
		}
		if strings.Contains(out.String(), "next try in") {
			t.Fatalf("step %d sent a request twice:\n%s", i+1, out.String())
		}
	}
}
