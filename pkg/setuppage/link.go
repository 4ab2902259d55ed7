package setuppage

import (
	"net/url"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
)

// Contribution is the id of the page within the extension (vss-extension.json).
const Contribution = "setup"

// Address is where an organisation shows the page.
type Address struct {
	// Collection is the organisation's URL, checked by the caller:
	// https://dev.azure.com/contoso-eng/ or https://contoso-eng.visualstudio.com/.
	Collection string
	// Project is the name or the id of the project.
	Project string
	// Extension is publisher and extension id as packed, joined by a dot; empty in a
	// program that was not packed.
	Extension string
}

// Link leads to the page, filled in with a denial: Azure DevOps serves a hub of Project
// settings at <organisation>/<project>/_settings/<publisher>.<extension>.<contribution>.
// The denial is in the fragment, which browsers do not send. The link is empty when a
// part of the address is missing.
func Link(a Address, d Denial) string {
	if a.Collection == "" || a.Project == "" || a.Extension == "" {
		return ""
	}
	return strings.TrimRight(a.Collection, "/") + "/" + url.PathEscape(a.Project) +
		"/_settings/" + url.PathEscape(a.Extension+"."+Contribution) + "#" + d.fragment()
}

// noAccount stands for an account that nothing names.
const noAccount iam.Account = "000000000000"

// WithoutAccount is the denial without the account id in its role, for logs that must
// not show it.
func (d Denial) WithoutAccount() Denial {
	if role := d.role(); role.Given() {
		d.Role = strings.Replace(d.Role, string(role.Account), "", 1)
	}
	return d
}

// role is the denied role, with noAccount where its account is left out; no role where
// the denial names none.
func (d Denial) role() iam.RoleARN {
	role, _ := iam.ParseRoleARN(strings.Replace(d.Role, ":iam:::role/", ":iam::"+string(noAccount)+":role/", 1))
	return role
}
