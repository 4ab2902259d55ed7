package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServe reads the printed environment as a shell would, makes the request it
// describes, and interrupts.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	file := filepath.Join(t.TempDir(), "env")
	out, in := io.Pipe()
	var stderr bytes.Buffer
	done := make(chan int, 1)
	go func() {
		status := Serve(ctx, []string{"--env-file", file, "--fault", "ado:status=503,times=1", "--connection", "aws-pinned"}, in, &stderr)
		_ = in.Close() // a pipe never fails to close
		done <- status
	}()
	env := map[string]string{}
	lines := bufio.NewScanner(out)
	for len(env) < 3 || env["TF_BUILD"] == "" {
		if !lines.Scan() {
			t.Fatalf("no environment: %s", stderr.String())
		}
		if strings.HasPrefix(lines.Text(), "# ") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if !ok || !strings.HasPrefix(lines.Text(), "export ") {
			t.Fatalf("line %q", lines.Text())
		}
		env[name] = strings.Trim(value, "'")
	}
	for _, want := range []int{503, 200} {
		r := request(t, http.MethodPost, env["SYSTEM_OIDCREQUESTURI"]+"?api-version=7.1&serviceConnectionId="+env["INPUT_SERVICECONNECTION"], "")
		r.Header.Set("Authorization", "Bearer "+env["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"])
		r.Header.Set("X-TFS-FedAuthRedirect", "Suppress")
		contain(t, send(t, direct(t), r), want)
	}
	if text := string(read(t, file)); !strings.Contains(text, "\nENDPOINT_DATA_8c3d1e27-4a96-4f05-b7d2-1e9f60a5c483_ROLEARN=arn:aws:iam::111122223333:role/deploy\n") {
		t.Errorf("the file lacks the connection: %s", text)
	}
	stop()
	if status := <-done; status != 0 {
		t.Errorf("status %d", status)
	}
	text := stderr.String()
	if strings.Count(text, "ado POST") != 2 || strings.Contains(text, "violation") {
		t.Errorf("the summary does not say two good requests: %s", text)
	}
	if strings.Contains(text, env["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"]) {
		t.Errorf("the summary holds the job token: %s", text)
	}
	if _, err := os.Stat(env["AGENT_TEMPDIRECTORY"]); !os.IsNotExist(err) {
		t.Errorf("the sandbox left its files: %v", err)
	}
}

func TestServeUsage(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none.json")
	for want, all := range map[int][][]string{
		0: {{"--help"}},
		1: {{"--config", missing}, {"--connection", "nobody"}},
		2: {{"--fault", "x"}, {"extra"}, {"--unknown"}},
	} {
		for _, args := range all {
			var stderr bytes.Buffer
			if got := Serve(t.Context(), args, io.Discard, &stderr); got != want || stderr.Len() == 0 {
				t.Errorf("%q: status %d, want %d: %s", args, got, want, stderr.String())
			}
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.json")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"organisation":{"name":"fabrikam","id":"11111111-2222-4333-8444-555555555555"},
		"connections":[{"name":"one","id":"22222222-2222-4333-8444-555555555555","kind":"awsOidc"}],"sessionSeconds":901}`)
	cfg, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, cfg)
	contain(t, webIdentity(t, s, token(t, s, cfg.Connections[0].ID), "deploy"), 200, "sc://fabrikam/payments/one")
	for _, bad := range []string{"{", `{"unknown":1}`} {
		write(bad)
		if _, err := Load(file); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Proxy = ProxySettings{Username: "me", Password: "secret"}
	s := start(t, cfg)
	env := s.Environment(EnvOptions{TLS: true})
	for name, want := range map[string]string{
		"ENDPOINT_URL_SYSTEMVSSCONNECTION": "https://dev.azure.com/contoso-eng/",
		"SYSTEM_COLLECTIONURI":             "https://dev.azure.com/contoso-eng/",
		"AGENT_PROXYURL":                   s.ProxyURL, "AGENT_CAINFO": s.CAFile, "SECRET_AGENT_PROXYPASSWORD": "secret", "INPUT_STSENDPOINT": "",
		"ENDPOINT_AUTH_PARAMETER_3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954_SERVICEPRINCIPALID": defaultCaller,
		"ENDPOINT_DATA_3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954_ENVIRONMENT":                  "AzureCloud",
		"ENDPOINT_AUTH_PARAMETER_a17b52e0-93c8-4d6f-8e04-5b2c7f91d3a6_ASSUMEROLEARN":      roleARN("deploy"),
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	if got := quote("it's"); got != `'it'\''s'` {
		t.Error(got)
	}
}
