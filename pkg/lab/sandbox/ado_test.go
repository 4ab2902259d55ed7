package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFlavours asks for a token of every connection and compares what its claims
// say with published tokens.
func TestFlavours(t *testing.T) {
	t.Parallel()
	cfg := Default()
	cfg.Now = func() time.Time { return time.Unix(vectorTime, 0) }
	s := start(t, cfg)
	vstoken := func(sub string) map[string]any {
		return map[string]any{
			"iss": "https://vstoken.dev.azure.com/" + defaultOrgID, "aud": "api://AzureADTokenExchange", "sub": sub,
			"iat": "1795392000", "nbf": "1795391400", "exp": "1795392300",
		}
	}
	pipeline := vstoken("p://contoso-eng/payments/deploy-infra")
	for name, value := range map[string]string{
		"org_id": defaultOrgID, "prj_id": "6a2f0d1e-74c9-4b53-8f0a-2e9d6c3b7a58", "def_id": "42", "rpo_id": "contoso-eng/infra",
		"rpo_uri": "https://github.com/contoso-eng/infra.git", "rpo_ver": "8d1f0c7b6a5e4d3c2b1a09f8e7d6c5b4a3928170",
		"rpo_ref": "refs/heads/main", "run_id": "98765",
	} {
		pipeline[name] = value
	}
	entra := map[string]any{
		"iss": "https://login.microsoftonline.com/" + defaultTenant + "/v2.0", "aud": "fb60f99c-7a34-4190-8149-302f77469936",
		"azp": "499b84ac-1321-427f-aa17-267ca6975798", "azpacr": "2", "idtyp": "app", "oid": defaultObject, "tid": defaultTenant,
		"sub": "/eid1/c/pub/t/NJocfS5bYE-KkePAttL1hw/a/rISbSSETf0KqFyZ8ppdXmA/sc/" + defaultOrgID + "/3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954",
		"iat": "1795392000", "nbf": "1795392000", "exp": "1795478700", "ver": "2.0", "xms_ficinfo": "CAAQARgAIAA", "xms_idrel": "7 30",
	}
	for name, tc := range map[string]struct {
		id   string
		want map[string]any
	}{
		"own type":           {connectionID(t, "aws-prod"), vstoken("sc://contoso-eng/payments/aws-prod")},
		"upper case":         {strings.ToUpper(connectionID(t, "aws-prod")), vstoken("sc://contoso-eng/payments/aws-prod")},
		"toolkit":            {connectionID(t, "aws-toolkit"), vstoken("sc://contoso-eng/payments/aws-toolkit")},
		"azure, old issuer":  {connectionID(t, "azure-old"), vstoken("sc://contoso-eng/payments/azure-old")},
		"azure":              {connectionID(t, "azure-prod"), entra},
		"pipeline":           {"", pipeline},
		"name, not an id":    {"aws-prod", pipeline},
		"not quite a GUID":   {"{5f0e6c1a-7d34-4b92-9e81-c40a2f6b8d17}", pipeline},
		"azure devops (sub)": {connectionID(t, "ado-prod"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, err := s.verify(token(t, s, tc.id))
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == nil {
				if !strings.HasSuffix(claims.text("sub"), "/sc/"+defaultOrgID+"/"+tc.id) {
					t.Errorf("subject %s", claims.text("sub"))
				}
				return
			}
			got := map[string]any{}
			for key, value := range claims {
				if n, ok := value.(json.Number); ok {
					value = n.String()
				}
				got[key] = value
			}
			for _, random := range []string{"jti", "aio", "rh", "uti"} {
				delete(got, random)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTokenEndpoint is one row a way to be refused.
func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		connection string
		change     func(*http.Request)
		status     int
		text       string
		violations int
	}{
		"good":      {"aws-prod", nil, 200, `{"oidcToken":"eyJ`, 0},
		"get":       {"aws-prod", func(r *http.Request) { r.Method = http.MethodGet }, 405, "does not support http method 'GET'", 1},
		"personal":  {"aws-prod", func(r *http.Request) { r.SetBasicAuth("", "pat") }, 401, "", 0},
		"no token":  {"aws-prod", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "", 0},
		"bad token": {"aws-prod", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401, "Object moved", 0},
		"redirecting": {"aws-prod", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer x")
			r.Header.Del("X-TFS-FedAuthRedirect")
		}, 302, "Object moved", 1},
		"version":     {"aws-prod", func(r *http.Request) { r.URL.RawQuery = "api-version=6.0" }, 400, "VssInvalidPreviewVersionException", 0},
		"no version":  {"aws-prod", func(r *http.Request) { r.URL.RawQuery = "" }, 400, "VssInvalidPreviewVersionException", 0},
		"other stage": {"aws-elsewhere", nil, 404, "There is no explicit reference to service connection 7ea4c3b1-06d9-4e58-b2f7-d81a50c69e3f from current stage production.Job.__default.", 0},
		"disabled":    {"aws-disabled", nil, 400, "is disabled", 0},
		"wrong path":  {"aws-prod", func(r *http.Request) { r.URL.Path = "/contoso-eng/_apis/projects" }, 404, "", 1},
		"other org":   {"aws-prod", func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "contoso-eng", "fabrikam", 1) }, 404, "", 1},
		"in the URL":  {"aws-prod", func(r *http.Request) { r.URL.RawQuery += "&t=eyJhbGciOiJSUzI1.eyJhdWQiOiJhcGki.x" }, 200, "", 1},
		"no agent":    {"aws-prod", func(r *http.Request) { r.Header.Set("User-Agent", "Go-http-client/1.1") }, 200, "", 1},
		"body":        {"aws-prod", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{\"a\":1}")), 7 }, 200, "", 1},
		"empty body":  {"aws-prod", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2 }, 200, "", 0},
		"cookies":     {"aws-prod", func(r *http.Request) { r.Header.Set("Cookie", "a=b") }, 200, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Default())
			r := tokenRequest(t, s, connectionID(t, tc.connection))
			if tc.change != nil {
				tc.change(r)
			}
			got := send(t, direct(t), r)
			contain(t, got, tc.status, tc.text)
			if got.header.Get("x-vss-e2eid") == "" || got.header.Get("ActivityId") == "" {
				t.Error("no correlation ids")
			}
			if v := s.Violations(); len(v) != tc.violations {
				t.Errorf("violations: %q", v)
			}
			if strings.Contains(strings.Join(s.Violations(), ""), s.JobToken) {
				t.Error("a violation holds the job token")
			}
		})
	}
}

func TestUnknownConnection(t *testing.T) {
	t.Parallel()
	s := start(t, Default())
	contain(t, send(t, direct(t), tokenRequest(t, s, "00000000-0000-4000-8000-000000000000")), 404, "There is no explicit reference")
	s.SetReferenced(connectionID(t, "aws-elsewhere"), true)
	contain(t, send(t, direct(t), tokenRequest(t, s, connectionID(t, "aws-elsewhere"))), 200)
	noViolations(t, s)
	if got := s.Requests(LegADO)[1].ConnectionID; got != connectionID(t, "aws-elsewhere") {
		t.Errorf("recorded connection %q", got)
	}
}

func TestHubs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ hostType, hub, want string }{
		{"build", "", "/hubs/build/"}, {"release", "", "/hubs/release/"}, {"deployment", "rm", "/hubs/rm/"},
	} {
		cfg := Default()
		cfg.Pipeline.HostType, cfg.Pipeline.Hub = tc.hostType, tc.hub
		s := start(t, cfg)
		env := s.Environment(EnvOptions{})
		if !strings.Contains(env["SYSTEM_OIDCREQUESTURI"], tc.want) || env["SYSTEM_HOSTTYPE"] != tc.hostType {
			t.Errorf("%+v: the request URI is %s, the host type %s", tc, env["SYSTEM_OIDCREQUESTURI"], env["SYSTEM_HOSTTYPE"])
		}
		contain(t, send(t, direct(t), tokenRequest(t, s, "")), 200)
	}
}
