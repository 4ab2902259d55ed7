package sandbox

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// vectorTime is the clock that the vectors were signed for.
const vectorTime = 1795392000

type vector struct {
	Name    string
	JWT     string
	Payload map[string]any
	Expect  json.RawMessage
	IAM     struct {
		Provider  string
		ClientIDs []string `json:"clientIds"`
	}
}

type expectation struct {
	Code    string
	Status  int
	Message string
}

// TestVectors sends published-form tokens of every flavour, signed by a foreign
// key, to STS and wants AWS's documented answer to each.
func TestVectors(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/vectors/[A-N]*.json")
	if err != nil || len(files) != 14 {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			var v vector
			if err := json.Unmarshal(read(t, file), &v); err != nil {
				t.Fatal(err)
			}
			s := start(t, vectorWorld(t, v))
			got := webIdentity(t, s, v.JWT, "deploy")
			noViolations(t, s)
			if string(v.Expect) == `"ok"` {
				contain(t, got, 200, "<SessionToken>", "<SubjectFromWebIdentityToken>"+v.Payload["sub"].(string)+"<")
				return
			}
			var want expectation
			if err := json.Unmarshal(v.Expect, &want); err != nil {
				t.Fatal(err)
			}
			contain(t, got, want.Status, "<Code>"+want.Code+"</Code>")
			if want.Message != "*" {
				contain(t, got, want.Status, "<Message>"+want.Message+"</Message>")
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// vectorWorld publishes the vectors' own keys and provider, and a role that
// trusts exactly the subject of the vector — of vector A where the case is meant
// to differ.
func vectorWorld(t *testing.T, v vector) Config {
	t.Helper()
	cfg := Default()
	cfg.Now = func() time.Time { return time.Unix(vectorTime, 0) }
	windows := strings.Replace(string(read(t, "testdata/vectors/discovery-entra.json")),
		"https://login.microsoftonline.com/"+defaultTenant+"/v2.0", windowsIssuer(defaultTenant), 1)
	cfg.Documents = map[string]json.RawMessage{
		cfg.vstokenIssuer() + "/.well-known/openid-configuration":                     read(t, "testdata/vectors/discovery-vstoken.json"),
		"https://vstoken.dev.azure.com/.well-known/jwks":                              read(t, "testdata/vectors/jwks-vstoken.json"),
		entraIssuer(defaultTenant) + "/.well-known/openid-configuration":              read(t, "testdata/vectors/discovery-entra.json"),
		"https://login.microsoftonline.com/" + defaultTenant + "/discovery/v2.0/keys": read(t, "testdata/vectors/jwks-entra.json"),
		windowsIssuer(defaultTenant) + ".well-known/openid-configuration":             json.RawMessage(windows),
	}
	if v.IAM.Provider == "" {
		v.IAM.Provider, v.IAM.ClientIDs = cfg.vstokenIssuer(), []string{tokenExchangeURI}
	}
	subject := v.Payload["sub"].(string)
	if strings.HasPrefix(v.Name, "N08") {
		subject = "sc://contoso-eng/payments/aws-prod"
	}
	cfg.Accounts[0].Providers = []OIDCProvider{{v.IAM.Provider, v.IAM.ClientIDs}}
	cfg.Accounts[0].Roles = []Role{{ARN: roleARN("deploy"), TrustPolicy: policy(cfg.trusts(v.IAM.Provider, v.IAM.ClientIDs[0], subject))}}
	return cfg
}
