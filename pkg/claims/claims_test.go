package claims_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

type vector struct {
	Payload json.RawMessage
	IAM     struct{ Provider, Aud, Oaud, Sub string }
}

func readVector(t *testing.T, path string) vector {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFlavourOfEveryVector(t *testing.T) {
	t.Parallel()
	want := map[string]claims.Flavour{
		"A-vstoken-sc": claims.VSTokenConnection, "B1-vstoken-pipeline-azurerepos": claims.VSTokenPipeline,
		"B2-vstoken-pipeline-github": claims.VSTokenPipeline, "C-entra-sc": claims.EntraConnection,
		"E-twohop-v2": claims.EntraAccessV2, "F-twohop-v1": claims.EntraAccessV1,
	}
	for name, flavour := range want {
		v := readVector(t, filepath.Join("testdata", "vectors", name+".json"))
		c, err := claims.Parse(v.Payload)
		if err != nil {
			t.Fatalf("the claims of %s are refused: %v", name, err)
		}
		if got := c.Flavour(); got != flavour {
			t.Errorf("%s: got %v, want %v", name, got, flavour)
		}
	}
}

func TestAWSSeesWhatTheVectorsSay(t *testing.T) {
	t.Parallel()
	paths, _ := filepath.Glob("testdata/vectors/*.json")
	if len(paths) < 14 {
		t.Fatalf("found %d vectors, want 14", len(paths))
	}
	for _, path := range paths {
		v := readVector(t, path)
		c, err := claims.Parse(v.Payload)
		if err != nil {
			t.Errorf("the claims of %s are refused: %v", path, err)
			continue
		}
		if v.IAM.Sub == "" {
			continue
		}
		got := c.AWS()
		want := claims.AWSView{Provider: strings.TrimPrefix(c.Issuer, "https://"), Audience: v.IAM.Aud, OriginalAudience: v.IAM.Oaud, Subject: v.IAM.Sub}
		if v.IAM.Oaud == "" && c.AuthorizedParty != "" {
			want.OriginalAudience = c.Audience[0]
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: what AWS sees (-want +got):\n%s", path, d)
		}
	}
}

func TestFlavourOfEntraPipeline(t *testing.T) {
	t.Parallel()
	c := claims.FromMap(map[string]any{
		"iss": "https://login.microsoftonline.com/7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587/v2.0",
		"sub": "/eid1/c/pub/t/NJocfS5bYE-KkePAttL1hw/a/rISbSSETf0KqFyZ8ppdXmA/pl/0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13/x/y",
		"aud": claims.TokenExchangeResource, "ver": "2.0",
	})
	if got := c.Flavour(); got != claims.EntraPipeline {
		t.Errorf("got %v", got)
	}
}

func TestEntraSubjectIsThatOfTheVector(t *testing.T) {
	t.Parallel()
	c, err := claims.Parse(readVector(t, "testdata/vectors/C-entra-sc.json").Payload)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(c.Subject, "/")
	tenant := strings.Split(c.Issuer, "/")[3]
	got, err := claims.EntraSubject(strings.ToUpper(tenant), parts[len(parts)-2], parts[len(parts)-1])
	if err != nil || got != c.Subject {
		t.Errorf("got %q, %v; want %q", got, err, c.Subject)
	}
	if _, err := claims.EntraSubject("contoso", parts[len(parts)-2], parts[len(parts)-1]); err == nil {
		t.Error("a tenant that is no GUID was taken")
	}
}
