package idtoken

import (
	"maps"
	"net/url"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/network"
)

// apiVersion is the version of the endpoint that Microsoft's own sample asks for
// (Azure DevOps release notes, sprint 240).
const apiVersion = "7.1"

// Location is where a job's tokens are issued, as the agent's variables say it.
type Location struct {
	SystemURL     string // the system connection's URL; the root of trust
	RequestURI    string // System.OidcRequestUri; may be empty
	CollectionURI string // System.CollectionUri
	ProjectID     string // System.TeamProjectId
	HostType      string // System.HostType, which names the hub
	PlanID        string // System.PlanId
	JobID         string // System.JobId
}

// Endpoint is the checked URL of the token endpoint: the one that Azure DevOps
// gives, else one built from the run's ids as Microsoft's tasks do
// (microsoft/azure-pipelines-tasks-common-packages azure-arm-rest/azCliUtility.ts).
// Its faults are AAR-HOST-UNTRUSTED and AAR-SYSTEM-ENDPOINT.
func (l Location) Endpoint() (*url.URL, error) {
	trust, err := network.NewTrust(l.SystemURL)
	if err != nil {
		return nil, err
	}
	var collection, given *url.URL
	if l.CollectionURI != "" {
		if collection, err = trust.Check("System.CollectionUri", l.CollectionURI); err != nil {
			return nil, err
		}
	}
	if l.RequestURI != "" {
		if given, err = trust.Check("System.OidcRequestUri", l.RequestURI); err != nil {
			return nil, err
		}
		given.Path, given.RawPath = strings.TrimRight(given.Path, "/"), ""
		return given, nil
	}
	return l.build(collection)
}

// build joins the run's ids to the collection's URL.
func (l Location) build(collection *url.URL) (*url.URL, error) {
	var unusable []string
	if collection == nil {
		unusable = append(unusable, "System.CollectionUri")
	}
	for _, id := range []struct{ name, value string }{
		{"System.TeamProjectId", l.ProjectID}, {"System.HostType", l.HostType}, {"System.PlanId", l.PlanID}, {"System.JobId", l.JobID},
	} {
		if id.value == "" || strings.ContainsAny(id.value, `/\.%?#`) {
			unusable = append(unusable, id.name)
		}
	}
	if len(unusable) > 0 {
		return nil, &fault.Fault{
			Code: fault.SystemEndpoint, Summary: "the agent provided no token endpoint",
			Why:    "System.OidcRequestUri is empty, and it cannot be built: missing or malformed: " + strings.Join(unusable, ", ") + ".",
			Remedy: []string{"Remove what overwrites or clears the variables that the error names; the agent sets them for every job."},
		}
	}
	return collection.JoinPath(l.ProjectID, "_apis", "distributedtask", "hubs", l.HostType, "plans", l.PlanID, "jobs", l.JobID, "oidctoken"), nil
}

// withQuery adds the query of one request; parameters that the URL already has
// stay, but the connection is always ours. The service reads names in any case.
func withQuery(endpoint *url.URL, connectionID string) string {
	u := *endpoint
	q := u.Query()
	maps.DeleteFunc(q, func(name string, _ []string) bool { return strings.EqualFold(name, "serviceConnectionId") })
	if !q.Has("api-version") {
		q.Set("api-version", apiVersion)
	}
	if connectionID != "" {
		q.Set("serviceConnectionId", connectionID)
	}
	u.RawQuery = q.Encode()
	return u.String()
}
