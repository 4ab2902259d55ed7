package cli

import (
	"github.com/assume-aws-role/assume-aws-role/pkg/exchange"
	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
	"github.com/assume-aws-role/assume-aws-role/pkg/pipeline"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// account is what there is to tell of a run, for the step and for a renewal.
type account struct {
	step   pipeline.Step
	result exchange.Result
}

// refusal tells which refusal a fault is, if it comes from what AWS thinks of the
// identity.
func refusal(code fault.Code) (r trustpolicy.Refusal, ok bool) {
	switch code {
	case fault.STSAccessDenied:
		return trustpolicy.NotAllowed, true
	case fault.STSNoProvider:
		return trustpolicy.NoProvider, true
	case fault.STSAudience:
		return trustpolicy.WrongAudience, true
	case fault.STSInvalidToken, fault.STSKeyRetrieval:
		return trustpolicy.BadToken, true
	default:
		return 0, false
	}
}

// explain says what was presented to AWS, what would allow exactly that, and the
// likeliest differences, in order.
func (t account) explain(code fault.Code) []string {
	if code == fault.ChainDenied && t.step.Chain != nil {
		return t.explainChain()
	}
	kind, ok := refusal(code)
	presented, role, show := t.result.Presented, t.step.Role.ARN, t.readable
	if !ok || presented == nil {
		return nil
	}
	x := trustpolicy.Explain(*presented, role.Account, role.Partition, kind)
	view := presented.AWS()
	lines := []string{
		"", "What was presented to AWS:",
		show("  issuer (provider URL):  " + presented.Issuer),
		show("  client id, :aud:        " + view.Audience),
	}
	if view.OriginalAudience != "" {
		lines = append(lines, show("  :oaud:                  "+view.OriginalAudience))
	}
	lines = append(lines, show("  :sub:                   "+view.Subject), "",
		"The trust policy of "+show(role.Full)+" that allows exactly this identity, ready for IAM's \"Custom trust policy\":",
		t.readableJSON(x.Document),
	)
	if x.Unusable != "" {
		lines = append(lines, "IAM does not accept this policy as it is: "+x.Unusable+".")
	}
	lines = append(lines, "",
		"The IAM identity provider to have in account "+role.Account+":",
		show("  URL: "+x.ProviderURL), show("  client id: "+x.ClientID), "",
		"Likeliest differences, in order:")
	for _, d := range x.Differences {
		lines = append(lines, "  - "+show(d))
	}
	return append(lines, "")
}

// reportCheck ends a run with checkOnly.
func (t *taskRun) reportCheck() {
	x := trustpolicy.Explain(*t.result.Presented, t.step.Role.ARN.Account, t.step.Role.ARN.Partition, trustpolicy.NotAllowed)
	t.out.Print("", "checkOnly: the exchange works; nothing was exported, not even outputs.",
		"The trust policy that admits exactly this identity, to compare with the role's:", t.readableJSON(x.Document), "",
		"Advice:")
	for _, a := range t.advice() {
		t.out.Print("  - " + a)
	}
}

// advice is what could be better about a set-up that works.
func (t *taskRun) advice() []string {
	advice := []string{"Compare the role's trust policy with the one above: conditions on both :aud and :sub, no wildcards."}
	if len(t.step.Guard.Accounts) == 0 {
		advice = append(advice, "Set allowedAccountIds, so that a wrong role ARN cannot reach another account.")
	}
	if t.step.Identity.ConnectionID == "" {
		advice = append(advice, "Use a service connection for production: approvals and checks do not guard the pipeline's own identity.")
	}
	return append(advice, "Set checkOnly to false to export the credentials.")
}
