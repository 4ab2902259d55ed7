package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Host types of a run, as System.HostType names them
// (learn.microsoft.com, Azure Pipelines predefined variables).
const (
	HostBuild      = "build"
	HostRelease    = "release"
	HostDeployment = "deployment"
)

// Job is where and with which token the agent lets this job ask for OIDC tokens. Every
// field is read once, from the variable named beside it.
type Job struct {
	SystemURL      string       // ENDPOINT_URL_SYSTEMVSSCONNECTION
	JobToken       secret.Value `json:"-"` // ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN
	OIDCRequestURI string       // SYSTEM_OIDCREQUESTURI
	CollectionURI  string       // SYSTEM_COLLECTIONURI
	Project        string       // SYSTEM_TEAMPROJECT
	ProjectID      string       // SYSTEM_TEAMPROJECTID
	HostType       string       // SYSTEM_HOSTTYPE
	PlanID         string       // SYSTEM_PLANID
	JobID          string       // SYSTEM_JOBID
}

// job is what the agent says about the run.
type job struct {
	Job
	tempDirectory string // AGENT_TEMPDIRECTORY
	pipeline      string // BUILD_DEFINITIONNAME or RELEASE_DEFINITIONNAME
	runID         string // BUILD_BUILDID or RELEASE_RELEASEID
}

// agentNames are the SYSTEM_, AGENT_, BUILD_, RELEASE_ and ENVIRONMENT_ variables
// that this task reads. A pipeline variable that falls on the same environment
// key would silently replace the agent's value.
var agentNames = []string{
	"SYSTEM_OIDCREQUESTURI", "SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECTID", "SYSTEM_TEAMPROJECT",
	"SYSTEM_HOSTTYPE", "SYSTEM_PLANID", "SYSTEM_JOBID", "SYSTEM_SERVERTYPE", "SYSTEM_STAGENAME",
	"AGENT_TEMPDIRECTORY", "AGENT_PROXYURL", "AGENT_PROXYUSERNAME", "AGENT_PROXYPASSWORD",
	"AGENT_PROXYBYPASSLIST", "AGENT_CAINFO", "AGENT_SKIPCERTVALIDATION",
	"BUILD_BUILDID", "BUILD_DEFINITIONNAME", "RELEASE_RELEASEID", "RELEASE_DEFINITIONNAME",
	"RELEASE_ENVIRONMENTNAME", "ENVIRONMENT_NAME",
}

// readJob reads the agent's variables, unchecked.
func readJob(lookup Lookup) job {
	j := job{
		Job: Job{
			SystemURL:      strings.TrimSpace(lookup.Get("ENDPOINT_URL_SYSTEMVSSCONNECTION")),
			JobToken:       secret.New(strings.TrimSpace(lookup.Get("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"))),
			OIDCRequestURI: lookup.Get("SYSTEM_OIDCREQUESTURI"),
			CollectionURI:  lookup.Get("SYSTEM_COLLECTIONURI"),
			Project:        lookup.Get("SYSTEM_TEAMPROJECT"),
			ProjectID:      lookup.Get("SYSTEM_TEAMPROJECTID"),
			HostType:       strings.ToLower(lookup.Get("SYSTEM_HOSTTYPE")),
			PlanID:         lookup.Get("SYSTEM_PLANID"),
			JobID:          lookup.Get("SYSTEM_JOBID"),
		},
		tempDirectory: lookup.Get("AGENT_TEMPDIRECTORY"),
	}
	j.pipeline, j.runID = lookup.Get("BUILD_DEFINITIONNAME"), lookup.Get("BUILD_BUILDID")
	if j.classic() {
		j.pipeline, j.runID = lookup.Get("RELEASE_DEFINITIONNAME"), lookup.Get("RELEASE_RELEASEID")
	}
	return j
}

// containerPath reports whether a path is the work folder as the agent mounts it in
// a job container (microsoft/azure-pipelines-agent src/Agent.Sdk/ContainerInfo.cs).
func containerPath(p string) bool {
	return strings.HasPrefix(p, "/__w/") || strings.HasPrefix(strings.ToLower(p), `c:\__w\`)
}

// classic reports whether the run is a classic release.
func (j job) classic() bool { return j.HostType == HostRelease || j.HostType == HostDeployment }

func (j job) check(lookup Lookup, q quoter) error {
	if err := collision(lookup, q); err != nil {
		return err
	}
	if j.SystemURL == "" {
		return &fault.Fault{
			Code: fault.SystemEndpoint, Summary: "the agent gave this step no system connection",
			Why: "ENDPOINT_URL_SYSTEMVSSCONNECTION is missing, so the task cannot know which host to trust with the job's access token.",
		}
	}
	if t := lookup.Get("SYSTEM_SERVERTYPE"); t != "" && !strings.EqualFold(t, "Hosted") {
		return &fault.Fault{
			Code: fault.ServerUnsupported, Summary: "this is Azure DevOps Server, which issues no OIDC tokens",
			Why: "System.ServerType is " + q.shown("", t) + "; workload identity federation exists on Azure DevOps Services only.",
		}
	}
	return j.checkToken()
}

// checkToken refuses a job token that is missing or that no header can carry, as
// one that another step has overwritten may be.
func (j job) checkToken() error {
	const name = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"
	unfit := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case j.JobToken.Empty():
		return &fault.Fault{
			Code: fault.JobTokenMissing, Summary: "the agent gave this step no job access token",
			Why: name + " is missing or empty; no other token is used in its place.",
		}
	case strings.ContainsFunc(j.JobToken.Reveal(), unfit):
		return &fault.Fault{
			Code: fault.JobTokenMissing, Summary: "the job access token of this step cannot be used",
			Why: name + " holds a space, a line break or another character that no token has.",
		}
	}
	return nil
}

// names are the dotted names that a list of the agent holds.
func names(lookup Lookup, list string) []string {
	var out []string
	if json.Unmarshal([]byte(lookup.Get(list)), &out) != nil {
		return nil
	}
	return out
}

// environmentKey is the environment variable that a job variable becomes.
func environmentKey(name string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", " ", "_").Replace(name))
}

// collision finds two public variables that fall on one key the task reads.
func collision(lookup Lookup, q quoter) error {
	seen := map[string]string{}
	clashes := map[string]string{}
	for _, name := range names(lookup, "VSTS_PUBLIC_VARIABLES") {
		key := environmentKey(name)
		first, known := seen[key]
		if known && !strings.EqualFold(first, name) && slices.Contains(agentNames, key) {
			clashes[key] = fmt.Sprintf("%s and %s both become %s", q.shown("", first), q.shown("", name), key)
		}
		seen[key] = name
	}
	if len(clashes) == 0 {
		return nil
	}
	said := slices.Sorted(maps.Values(clashes))
	return &fault.Fault{
		Code: fault.VariableCollision, Summary: "two variables of this job become the same environment variable",
		Why: strings.Join(said, "; ") + ". The task cannot tell which of them it reads.",
	}
}
