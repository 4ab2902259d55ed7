package claims

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// MicrosoftGraph is the application id of Microsoft Graph.
const MicrosoftGraph = "00000003-0000-0000-c000-000000000000"

// sharedAudiences are of tokens that must never reach AWS: that of every federation, by
// name and by resource, Azure DevOps itself, and Microsoft Graph.
var sharedAudiences = []string{strings.ToLower(TokenExchangeAudience), TokenExchangeResource, AzureDevOpsClientID, MicrosoftGraph}

var ownAudience = pattern.Lazy(`^(api://[^\s/]\S*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// AudienceProblem says why a token of the audience must not be shown to AWS, or why no
// such audience exists, as the end of a sentence that begins with the audience. It is
// empty for an audience of the user's own: an api:// URI or a GUID, without /.default.
func AudienceProblem(audience string) string {
	low := strings.TrimRight(strings.ToLower(audience), "/")
	bare := strings.TrimPrefix(low, "api://")
	switch {
	case strings.HasSuffix(low, "/.default"):
		return "must be given without /.default, which the task adds"
	case strings.HasPrefix(low, strings.ToLower(TokenExchangeAudience)):
		return "is the audience of every federation; register your own"
	case strings.Contains(low, "graph.microsoft"):
		return "is Microsoft Graph; register your own audience"
	case !ownAudience().MatchString(low):
		return "is neither an api:// URI nor a GUID"
	}
	for _, shared := range sharedAudiences {
		if low == shared || bare == shared || strings.HasPrefix(bare, shared+"/") {
			return "belongs to Microsoft; register your own"
		}
	}
	return ""
}
