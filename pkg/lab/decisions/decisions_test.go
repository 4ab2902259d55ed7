package decisions_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/decisions"
)

// TestTables: every row is a policy and names its page, and no row says the contrary of
// another.
func TestTables(t *testing.T) {
	t.Parallel()
	all, err := decisions.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 140 {
		t.Errorf("%d decisions, want at least 140", len(all))
	}
	seen := map[string]bool{}
	for _, d := range all {
		if !json.Valid([]byte(d.Policy)) {
			t.Errorf("%s: not JSON: %s", d.Name, d.Policy)
		}
		if page, _, _ := strings.Cut(d.Page, "#"); !strings.HasPrefix(page, "reference_policies_") || !strings.HasSuffix(page, ".html") {
			t.Errorf("%s: no page but %q", d.Name, d.Page)
		}
		if seen[d.Name] {
			t.Errorf("%s: decided twice", d.Name)
		}
		seen[d.Name] = true
	}
}

// TestEveryOperatorIsDecided: an operator without a documented decision of both kinds
// would be tested by nothing but itself.
func TestEveryOperatorIsDecided(t *testing.T) {
	t.Parallel()
	rows, err := decisions.Conditions()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]map[bool]bool{}
	for _, row := range rows {
		operator, _, _ := strings.Cut(row.Name, " ")
		if seen[operator] == nil {
			seen[operator] = map[bool]bool{}
		}
		seen[operator][row.Allowed] = true
	}
	for _, operator := range []string{
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
	} {
		if len(seen[operator]) != 2 {
			t.Errorf("%s: decisions %v, want both", operator, seen[operator])
		}
	}
}
