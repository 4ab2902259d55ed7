package report

import (
	"strings"
	"testing"

	"github.com/assume-aws-role/assume-aws-role/pkg/fault"
)

// A renewal is no step: its faults keep their code and must not speak of exports.
func TestRenewalFaultsFitARenewal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code fault.Code
		want string
	}{
		{fault.Timeout, "could not be renewed in time"},
		{fault.Canceled, "the renewal was canceled"},
		{fault.STSThrottled, "of a step"},
	} {
		f := Run{}.Renewal(&fault.Fault{Code: tt.code, Summary: "of a step", Remedy: []string{"of a step"}, Details: []string{"id: 7"}})
		if f.Code != tt.code || !strings.Contains(f.Message(), tt.want) || !strings.Contains(f.Message(), "id: 7") {
			t.Errorf("%s: %s", tt.code, f.Message())
		}
		if tt.want != "of a step" && strings.Contains(f.Message(), "of a step") {
			t.Errorf("%s still speaks of a step: %s", tt.code, f.Message())
		}
	}
}
