package setuppage

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/claims"
)

// Host is the organisation that shows the page, as Azure DevOps tells it.
type Host struct {
	// Org and OrgID are its name and GUID.
	Org   string `json:"org"`
	OrgID string `json:"orgId"`
	// Project is the project whose settings show the page.
	Project string `json:"project"`
}

// Issuer is the issuer of the organisation's own tokens. That a host's id is the GUID at
// its end is deduced, not documented; examples/live-check.yml compares the two.
func (h Host) Issuer() string { return claims.VSTokenIssuer(h.OrgID) }

// Owner says whose an identity is.
type Owner struct {
	// Ours reports whether it is an identity of the host's organisation: only then may
	// a statement be offered that trusts it.
	Ours bool `json:"ours"`
	// Text says whose it is, in one or two sentences.
	Text string `json:"text"`
}

// Owner judges an identity that a log or a link names. Both can come from a stranger, who
// would like an administrator to trust an identity of the stranger's: issuer and subject
// must both be the host's.
func (h Host) Owner(d Denial) Owner {
	kind, ids, names := subjectOf(d.Subject)
	tenant := tenantOf(d.Issuer)
	switch {
	case claims.OfVSToken(d.Issuer) && names != nil:
		return h.ownerByName(d, kind, names)
	case tenant != "" && ids != nil:
		return h.ownerByID(d, tenant, ids)
	case tenant != "" || d.Claims().Flavour() == claims.EntraAccessV1:
		return Owner{Text: "This is the application with the object ID " + d.Subject + " at the issuer " + d.Issuer +
			". The token does not say which organisation uses it. “Set up a role” makes a policy for it from IDs that you look up yourself."}
	}
	return Owner{Text: "This identity comes from the issuer " + d.Issuer + ", which does not belong to “" + h.Org + "”."}
}

// tenantOf is the tenant whose issuer this is, at Microsoft Entra in the public cloud;
// empty for any other.
func tenantOf(issuer string) string {
	parts := strings.Split(issuer, "/")
	if len(parts) == 5 && claims.EntraIssuer(parts[3]) == issuer {
		return parts[3]
	}
	return ""
}

// subjectOf takes a subject apart: what it names, or the ids in it.
func subjectOf(subject string) (kind string, ids, names []string) {
	for prefix, kind := range map[string]string{"sc://": "service connection", "p://": "pipeline"} {
		if rest, ok := strings.CutPrefix(subject, prefix); ok {
			if parts := strings.SplitN(rest, "/", 3); len(parts) == 3 {
				return kind, nil, parts
			}
		}
	}
	parts := strings.Split(subject, "/")
	if strings.HasPrefix(subject, "/eid1/") && len(parts) == 11 && parts[8] == "sc" {
		return "service connection", parts[9:], nil
	}
	return "", nil, nil
}

// ownerByName judges a subject of names, sc:// or p://.
func (h Host) ownerByName(d Denial, kind string, names []string) Owner {
	org, project, name := names[0], names[1], names[2]
	who := "The " + kind + " “" + name + "” of the project “" + project + "”"
	switch {
	case d.Issuer != h.Issuer():
		return Owner{Text: who + " belongs to another organisation: “" + org + "”, with the ID " + strings.TrimPrefix(d.Issuer, claims.VSTokenIssuer("")) + ". " + h.shown()}
	case !strings.EqualFold(org, h.Org):
		return Owner{Text: who + " names the organisation “" + org + "”. " + h.shown()}
	case project != h.Project:
		return Owner{Ours: true, Text: who + " of this organisation. It is not the project whose settings you are looking at."}
	}
	return Owner{Ours: true, Text: who + " of this organisation."}
}

// ownerByID judges the subject of a connection on the Entra issuer, in which everything
// is an ID.
func (h Host) ownerByID(d Denial, tenant string, ids []string) Owner {
	who := "The service connection with the ID " + ids[1]
	if !strings.EqualFold(ids[0], h.OrgID) {
		return Owner{Text: who + " belongs to another organisation, with the ID " + ids[0] + ". " + h.shown()}
	}
	expected, err := claims.EntraSubject(tenant, h.OrgID, ids[1])
	if err != nil || expected != d.Subject {
		return Owner{Text: who + " has a subject that the tenant " + tenant + " does not issue for Azure DevOps."}
	}
	return Owner{Ours: true, Text: who + " of this organisation, in the Entra tenant " + tenant + ". Check that this is your tenant."}
}

// shown says which organisation shows the page.
func (h Host) shown() string {
	return "This page is shown by “" + h.Org + "”, with the ID " + strings.ToLower(h.OrgID) + "."
}
