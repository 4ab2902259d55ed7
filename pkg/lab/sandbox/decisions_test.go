package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/decisions"
)

// TestDecisionsOfAWS holds the stand-in of AWS STS to AWS's documentation, and so not
// only to the evaluator that it shares with the product.
func TestDecisionsOfAWS(t *testing.T) {
	t.Parallel()
	all, err := decisions.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		got := evaluate(json.RawMessage(d.Policy), trustRequest{action: decisions.Action, principal: decisions.Provider, keys: d.Keys})
		if got != d.Allowed {
			t.Errorf("%s: %v, AWS says %v (%s)", d.Name, got, d.Allowed, d.Page)
		}
	}
}
