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
		if f.Code != tt.code {
			t.Errorf("%s became %s", tt.code, f.Code)
		}
		for _, want := range []string{tt.want, "id: 7"} {
			if !strings.Contains(f.Message(), want) {
				t.Errorf("%s: the message lacks %q: %s", tt.code, want, f.Message())
			}
		}
		if tt.want != "of a step" && strings.Contains(f.Message(), "of a step") {
			t.Errorf("%s still speaks of a step: %s", tt.code, f.Message())
		}
	}
}
