package setuppage

import (
	"net/url"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
)

// RoleARN is the ARN of a role, taken apart.
type RoleARN struct {
	Partition string `json:"partition"`
	// Account is empty in the role of a denial whose account is masked.
	Account string `json:"account"`
	// Name is the role's name with its path, without the slash at its beginning.
	Name string `json:"name"`
}

var rolePattern = pattern.Lazy(`^arn:(aws[a-z-]*):iam::([0-9]{12})?:role/([\w+=,.@/-]+)$`)

// ParseRoleARN reads a pasted role ARN. It returns false for any other text.
func ParseRoleARN(text string) (RoleARN, bool) {
	m := rolePattern().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return RoleARN{}, false
	}
	return RoleARN{m[1], m[2], m[3]}, true
}

// Connection is what the address of a service connection's page tells.
type Connection struct {
	// Org is the organisation in the address.
	Org string `json:"org"`
	// Project is its project, by name or by id.
	Project string `json:"project"`
	// ID is the connection's id, in lower case.
	ID string `json:"id"`
}

var guid = pattern.Lazy(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ParseConnection reads the pasted address of a service connection's page:
// https://dev.azure.com/ORG/PROJECT/_settings/adminservices?resourceId=GUID, or the same
// below ORG.visualstudio.com. It returns false for any other text.
func ParseConnection(text string) (Connection, bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "https" {
		return Connection{}, false
	}
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	if org, legacy := strings.CutSuffix(u.Host, ".visualstudio.com"); legacy {
		path = append([]string{org}, path...)
	} else if u.Host != "dev.azure.com" {
		return Connection{}, false
	}
	id := strings.ToLower(u.Query().Get("resourceId"))
	if len(path) != 4 || path[2] != "_settings" || path[3] != "adminservices" || !guid().MatchString(id) {
		return Connection{}, false
	}
	return Connection{path[0], path[1], id}, true
}
