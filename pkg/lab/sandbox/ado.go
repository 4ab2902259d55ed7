package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// The token endpoint of Azure DevOps
// (learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create).

var (
	apiVersion = regexp.MustCompile(`^7\.[12](-preview(\.1)?)?$`)
	hubs       = []string{"build", "rm", "release", "deployment", "gates", "checks"}
)

func (s *Sandbox) hub() string {
	switch p := s.cfg.Pipeline; {
	case p.Hub != "":
		return p.Hub
	case p.HostType != "":
		return p.HostType
	}
	return "build"
}

// tokenPath is the path of the token endpoint below the collection.
func (s *Sandbox) tokenPath() string {
	p := s.cfg.Pipeline
	return s.cfg.Project.ID + "/_apis/distributedtask/hubs/" + s.hub() + "/plans/" + p.PlanID + "/jobs/" + p.JobID + "/oidctoken"
}

func (s *Sandbox) serveADO(c *call) *answer {
	out := s.adoAnswer(c)
	out.header.Set("X-Vss-E2eid", newGUID())
	out.header.Set("Activityid", newGUID())
	out.header.Set("X-Msedge-Ref", "Ref A: "+strings.ToUpper(strings.ReplaceAll(newGUID(), "-", "")))
	return out
}

func (s *Sandbox) adoAnswer(c *call) *answer {
	bearer, isBearer := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !s.rightPath(c) {
		if bearer == s.JobToken {
			s.rec.violation("ado: the job token was sent to %s", c.URL.Path)
		}
		return vssError(http.StatusNotFound, "HttpRouteNotFoundException", "The controller for path '"+c.URL.Path+"' was not found.")
	}
	if c.Method != http.MethodPost {
		s.rec.violation("ado: %s instead of POST", c.Method)
		return respondJSON(http.StatusMethodNotAllowed, map[string]any{
			"count": 1, "value": map[string]string{"Message": "The requested resource does not support http method '" + c.Method + "'."},
		})
	}
	s.checkADORequest(c)
	if !isBearer || bearer != s.JobToken {
		return s.signIn(c, isBearer)
	}
	if !apiVersion.MatchString(c.URL.Query().Get("api-version")) {
		return vssError(http.StatusBadRequest, "VssInvalidPreviewVersionException",
			"The requested version \""+c.URL.Query().Get("api-version")+"\" of the resource is not supported.")
	}
	return s.adoToken(c.URL.Query())
}

// checkADORequest records what the client must send with every token request.
func (s *Sandbox) checkADORequest(c *call) {
	s.requireAgent(LegADO, c.Request)
	if c.Header.Get("X-Tfs-Fedauthredirect") != "Suppress" {
		s.rec.violation("ado: X-TFS-FedAuthRedirect: Suppress is missing")
	}
	if body := strings.TrimSpace(string(c.body)); body != "" && body != "{}" {
		s.rec.violation("ado: the token request has a body")
	}
}

func (s *Sandbox) rightPath(c *call) bool {
	path := c.URL.Path
	collection := "/" + s.cfg.Organisation.Name + "/"
	if strings.HasSuffix(hostname(c.Host), ".visualstudio.com") {
		collection = "/"
	}
	rest, ok := strings.CutPrefix(path, collection)
	if !ok {
		return false
	}
	for _, project := range []string{s.cfg.Project.ID, s.cfg.Project.Name} {
		for _, hub := range append([]string{s.hub()}, hubsWithout(s.cfg.Pipeline.Hub)...) {
			p := s.cfg.Pipeline
			if strings.EqualFold(rest, project+"/_apis/distributedtask/hubs/"+hub+"/plans/"+p.PlanID+"/jobs/"+p.JobID+"/oidctoken") {
				return true
			}
		}
	}
	return false
}

// hubsWithout lists every hub unless the configuration insists on one.
func hubsWithout(configured string) []string {
	if configured != "" {
		return nil
	}
	return hubs
}

// signIn is how Azure DevOps refuses: 401 to anything but a bearer token and to
// clients that suppress the redirect, a redirect to the sign-in page otherwise.
func (s *Sandbox) signIn(c *call, isBearer bool) *answer {
	if isBearer && !strings.EqualFold(c.Header.Get("X-Tfs-Fedauthredirect"), "Suppress") {
		return redirectTo("https://spsprodcus3.vssps.visualstudio.com/_signin?realm=dev.azure.com", http.StatusFound)
	}
	out := respond(http.StatusUnauthorized, "text/html; charset=utf-8", []byte(signInPage))
	out.header.Set("WWW-Authenticate", `Bearer authorization_uri=https://login.microsoftonline.com/`+defaultTenant)
	return out
}

// adoToken hands out the pipeline's token unless a connection is named by GUID. A
// connection's name is silently ignored, as the real endpoint does.
func (s *Sandbox) adoToken(query url.Values) *answer {
	id := query.Get("serviceConnectionId")
	if !isGUID(id) {
		return oidcToken(s.pipelineToken())
	}
	conn, known := s.cfg.connection(id)
	switch {
	case !known || !s.referenced(conn):
		return noReference(http.StatusNotFound, id, s.cfg.Pipeline.Stage)
	case conn.Disabled:
		return vssError(http.StatusBadRequest, "ServiceEndpointException",
			"The service connection '"+conn.Name+"' is disabled. Enable it to use it in a pipeline.")
	}
	return oidcToken(s.connectionToken(conn))
}

func oidcToken(token string) *answer {
	return respondJSON(http.StatusOK, map[string]string{"oidcToken": token})
}

// noReference is the answer for a connection that no task of the stage names.
func noReference(status int, id, stage string) *answer {
	text := "There is no explicit reference to service connection " + id + " from current stage " + stage + ".Job.__default."
	return respondJSON(status, map[string]any{"count": len(text), "value": text})
}

// vssError is the error document of the Azure DevOps services.
func vssError(status int, typeKey, message string) *answer {
	return respondJSON(status, map[string]any{
		"$id": "1", "innerException": nil, "message": message, "errorCode": 0, "eventId": 3000, "typeKey": typeKey,
		"typeName": "Microsoft.VisualStudio.Services.Common." + typeKey + ", Microsoft.VisualStudio.Services.Common",
	})
}
