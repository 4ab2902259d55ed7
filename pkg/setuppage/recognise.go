package setuppage

// Recognised is what a pasted text turned out to be; both are nil for anything else.
type Recognised struct {
	Role       *RoleARN    `json:"role,omitempty"`
	Connection *Connection `json:"connection,omitempty"`
}

// Recognise tells a role ARN and the address of a connection's page from other texts.
func Recognise(text string) Recognised {
	var r Recognised
	if role, ok := ParseRoleARN(text); ok && role.Account != "" {
		r.Role = &role
	}
	if connection, ok := ParseConnection(text); ok {
		r.Connection = &connection
	}
	return r
}
