package trustpolicy_test

import (
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/decisions"
	"github.com/assume-aws-role/assume-aws-role/pkg/trustpolicy"
)

// TestDecisionsOfAWS holds the evaluator to every decision that AWS's documentation
// states or shows.
func TestDecisionsOfAWS(t *testing.T) {
	t.Parallel()
	all, err := decisions.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		p, err := trustpolicy.Parse([]byte(d.Policy))
		if err != nil {
			t.Errorf("%s: the policy is refused: %v (%s)", d.Name, err, d.Page)
			continue
		}
		got := p.Evaluate(trustpolicy.Request{Action: decisions.Action, Provider: decisions.Provider, Keys: d.Keys}).Allowed
		if got != d.Allowed {
			t.Errorf("%s: %v, AWS says %v (%s)", d.Name, got, d.Allowed, d.Page)
		}
	}
}
