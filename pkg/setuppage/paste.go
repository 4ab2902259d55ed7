package setuppage

import (
	"net/url"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Connection is what the address of a service connection's page tells.
type Connection struct {
	// Org is the organisation in the address.
	Org string `json:"org"`
	// Project is its project's name; empty where the address has its id.
	Project string `json:"project"`
	// ID is the connection's id, in lower case.
	ID string `json:"id"`
}

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
	if len(path) != 4 || path[2] != "_settings" || path[3] != "adminservices" || !claims.ValidGUID(id) {
		return Connection{}, false
	}
	c := Connection{path[0], path[1], id}
	if claims.ValidGUID(c.Project) {
		c.Project = ""
	}
	return c, true
}

// Recognised is what a pasted text turned out to be; both are nil for any other text.
type Recognised struct {
	Role       *RoleARN    `json:"role,omitempty"`
	Connection *Connection `json:"connection,omitempty"`
}

// RoleARN is a role's ARN, as the form has its parts.
type RoleARN struct {
	Partition iam.Partition `json:"partition"`
	Account   iam.Account   `json:"account"`
	// Role is path and name, as Form.Role has them.
	Role string `json:"role"`
}

// Recognise tells the ARN of a role and the address of a connection's page from other
// texts.
func Recognise(text string) Recognised {
	var r Recognised
	if arn, problem := iam.ParseRoleARN(strings.TrimSpace(text)); problem == "" {
		r.Role = &RoleARN{arn.Partition, arn.Account, strings.TrimPrefix(arn.Path, "/") + arn.Name}
	}
	if connection, ok := ParseConnection(text); ok {
		r.Connection = &connection
	}
	return r
}
