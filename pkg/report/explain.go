package report

import (
	"slices"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/foreign"
	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// refusal maps a fault to what AWS refused about the identity; ok is false for other
// faults.
func refusal(code fault.Code) (kind trustpolicy.Refusal, ok bool) {
	switch code {
	case fault.STSAccessDenied:
		return trustpolicy.NotAllowed, true
	case fault.STSNoProvider:
		return trustpolicy.NoProvider, true
	case fault.STSAudience:
		return trustpolicy.WrongAudience, true
	case fault.STSInvalidToken, fault.STSKeyRetrieval:
		return trustpolicy.BadToken, true
	case fault.STSThumbprint:
		return trustpolicy.WrongThumbprint, true
	default:
		return 0, false
	}
}

// explain says what was presented to AWS, what would allow exactly that, and the
// likeliest differences, in order.
func (r Run) explain(code fault.Code) []string {
	if code == fault.ChainDenied && r.Plan.Chain != nil {
		return r.explainChain()
	}
	kind, ok := refusal(code)
	presented, role, show := r.Result.Presented, r.Plan.Role.ARN, r.readable
	if !ok || presented == nil {
		return nil
	}
	x := trustpolicy.Explain(*presented, role.Partition, role.Account, kind)
	view := presented.AWS()
	lines := []string{
		"", "What was presented to AWS:",
		show("  issuer (provider URL):  " + presented.Issuer),
		show("  client id, :aud:        " + view.Audience),
	}
	if view.OriginalAudience != "" {
		lines = append(lines, show("  :oaud:                  "+view.OriginalAudience))
	}
	lines = append(lines, show("  :sub:                   "+view.Subject), "")
	if x.Unusable != "" {
		lines = append(lines, "No trust policy can allow exactly this identity: "+x.Unusable+".")
	} else {
		lines = append(lines,
			"Trust policy for "+show(role.String())+" that allows exactly this identity, ready for IAM's \"Custom trust policy\":",
			r.readableJSON(x.Document))
	}
	lines = append(lines, "",
		show("IAM identity provider required in account "+string(role.Account)+":"),
		show("  URL: "+x.ProviderURL), show("  client id: "+x.ClientID), "",
		"Likely causes, most likely first:")
	for _, d := range x.Differences {
		lines = append(lines, "  - "+show(d))
	}
	return append(lines, r.page(code)...)
}

// page leads to the set-up page, which compares the denial with the role's trust policy.
// No masker finds the job's token in a link's fragment, so a claim that contains it gets no
// link.
func (r Run) page(code fault.Code) []string {
	denial := setuppage.Denied(*r.Result.Presented, r.Plan.Role.ARN.String(), string(code))
	if r.Plan.MaskAccountID {
		denial = denial.WithoutAccount()
	}
	job := r.Plan.Job
	link := setuppage.Link(setuppage.Address{Collection: job.CollectionURI, Project: job.Project, Extension: r.Plan.Extension}, denial)
	if link == "" || slices.ContainsFunc([]string{denial.Issuer, denial.Subject, denial.Audience, denial.OriginalAudience}, r.HoldsJobToken) {
		return []string{""}
	}
	return []string{"", "To compare this denial with the role's trust policy, open the set-up page in Project settings:", "  " + r.readableLink(link), ""}
}

// HoldsJobToken reports whether a text contains the job's access token, or enough of it.
// Other secrets, such as an external ID, can be ordinary words that a claim contains, too.
func (r Run) HoldsJobToken(text string) bool {
	if r.Result.Known.Remove(text) == text {
		return false // an exchange knows the job's token, too
	}
	var token foreign.Secrets
	token.Add(r.Plan.Job.JobToken)
	return token.Remove(text) != text
}
