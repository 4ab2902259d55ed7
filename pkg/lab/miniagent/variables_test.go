package miniagent

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fill(list ...Variable) variables {
	vs := variables{}
	for _, v := range list {
		vs.set(v)
	}
	return vs
}

func TestSet(t *testing.T) {
	t.Parallel()
	vs := fill(
		Variable{Name: "Once.Secret", Value: "a", Secret: true}, Variable{Name: "once.secret", Value: "b"},
		Variable{Name: "fixed", Value: "a", ReadOnly: true}, Variable{Name: "FIXED", Value: "b"},
		Variable{Name: "outer", Value: "with $(once.secret)"}, Variable{Name: "outer", Value: "b"},
	)
	want := []Variable{{Name: "FIXED", Value: "b", ReadOnly: true}, {Name: "once.secret", Value: "b", Secret: true}, {Name: "outer", Value: "b", Secret: true}}
	if diff := cmp.Diff(want, vs.sorted()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	vs := fill(
		Variable{Name: "a", Value: "A"}, Variable{Name: "macro", Value: "<$(a)>"}, Variable{Name: "deep", Value: "[$(MACRO)]"},
		Variable{Name: "self", Value: "$(self)!"}, Variable{Name: "ping", Value: "$(pong)"}, Variable{Name: "pong", Value: "$(ping)"},
		Variable{Name: "s", Value: "hidden", Secret: true}, Variable{Name: "outer", Value: "with $(s)"},
		Variable{Name: "twice", Value: "$(unknown) $(a)"},
	)
	for _, tt := range []struct{ in, want string }{
		{"x$(a)y$(A)", "xAyA"},
		{"$(unknown)", "$(unknown)"},
		{"$()", "$()"},
		{"$(a", "$(a"},
		{"$(no$(a))", "$(noA)"},
		{"$(deep)", "[<A>]"},
		{"$(self)", "$(self)!"},
		{"$(ping)", "$(ping)"},
		{"$(twice)", "$(unknown) A"},
	} {
		if got := expand(tt.in, vs.resolve); got != tt.want {
			t.Errorf("expand(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if v, _ := vs.expanded("outer"); !v.Secret || v.Value != "with hidden" {
		t.Errorf("a variable with a secret inside is %+v", v)
	}
}

// TestExpandOnce: text that a replacement brings in is not scanned again.
func TestExpandOnce(t *testing.T) {
	t.Parallel()
	got := expand("$(a)", func(string) (string, bool) { return "$(a)$(b)", true })
	if got != "$(a)$(b)" {
		t.Errorf("got %q", got)
	}
}

func TestEnvironmentName(t *testing.T) {
	t.Parallel()
	if got := environmentName("Build.my var-x"); got != "BUILD_MY_VAR-X" {
		t.Errorf("got %q", got)
	}
}
