package idtoken

import (
	"net/url"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

func place(change func(*Location)) Location {
	l := Location{
		SystemURL: "https://dev.azure.com/Org/", CollectionURI: "https://dev.azure.com/org/",
		ProjectID: "p1", HostType: "build", PlanID: "p2", JobID: "j3",
	}
	change(&l)
	return l
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	const built = "/p1/_apis/distributedtask/hubs/build/plans/p2/jobs/j3/oidctoken"
	for name, tt := range map[string]struct {
		change func(*Location)
		want   string
		code   fault.Code
		says   string
	}{
		"built":               {func(*Location) {}, "https://dev.azure.com/org" + built, "", ""},
		"built, no slash":     {func(l *Location) { l.CollectionURI = "https://dev.azure.com/org" }, "https://dev.azure.com/org" + built, "", ""},
		"built, old host":     {func(l *Location) { l.CollectionURI = "https://org.visualstudio.com/" }, "https://org.visualstudio.com" + built, "", ""},
		"given":               {func(l *Location) { l.RequestURI = "https://dev.azure.com/org/x/oidctoken/" }, "https://dev.azure.com/org/x/oidctoken", "", ""},
		"given with a query":  {func(l *Location) { l.RequestURI = "https://vsrm.dev.azure.com/org/t?a=b" }, "https://vsrm.dev.azure.com/org/t?a=b", "", ""},
		"given, nothing else": {func(l *Location) { *l = Location{SystemURL: l.SystemURL, RequestURI: "https://dev.azure.com/org/t"} }, "https://dev.azure.com/org/t", "", ""},
		"given, foreign":      {func(l *Location) { l.RequestURI = "https://evil.example/canary" }, "", fault.HostUntrusted, "evil.example"},
		"given, other org":    {func(l *Location) { l.RequestURI = "https://dev.azure.com/other/" }, "", fault.HostUntrusted, "other"},
		"collection, foreign": {func(l *Location) {
			l.RequestURI, l.CollectionURI = "https://dev.azure.com/org/t", "https://dev.azure.com/other/canary"
		}, "", fault.HostUntrusted, "System.CollectionUri"},
		"no system":     {func(l *Location) { l.SystemURL = "" }, "", fault.HostUntrusted, "system connection"},
		"no collection": {func(l *Location) { l.CollectionURI = "" }, "", fault.SystemEndpoint, "malformed: System.CollectionUri.\nWhat to do:\n- Remove what overwrites or clears the variables"},
		"no ids":        {func(l *Location) { l.PlanID, l.JobID = "", "../x" }, "", fault.SystemEndpoint, "malformed: System.PlanId, System.JobId."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := place(tt.change).Endpoint()
			if tt.code == "" {
				if err != nil || got.String() != tt.want {
					t.Errorf("%v %v, want %s", got, err, tt.want)
				}
				return
			}
			f, ok := fault.As(err)
			if !ok || f.Code != tt.code {
				t.Fatalf("error %v, want %s", err, tt.code)
			}
			if !strings.Contains(f.Message(), tt.says) {
				t.Errorf("the message lacks %q: %s", tt.says, f.Message())
			}
			if strings.Contains(f.Message(), "canary") {
				t.Errorf("a secret is quoted: %s", f.Message())
			}
		})
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ endpoint, connection, want string }{
		{"https://h/t", "", "https://h/t?api-version=7.1"},
		{"https://h/t", "id", "https://h/t?api-version=7.1&serviceConnectionId=id"},
		{"https://h/t?api-version=7.2-preview.1&a=b%20c", "id", "https://h/t?a=b+c&api-version=7.2-preview.1&serviceConnectionId=id"},
		{"https://h/t?serviceConnectionId=other&SERVICECONNECTIONID=more", "id", "https://h/t?api-version=7.1&serviceConnectionId=id"},
		{"https://h/t?serviceConnectionId=other", "", "https://h/t?api-version=7.1"},
	} {
		u, err := url.Parse(tt.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := withQuery(u, tt.connection); got != tt.want || u.String() != tt.endpoint {
			t.Errorf("%s for %q: %s, want %s", tt.endpoint, tt.connection, got, tt.want)
		}
	}
}
