package reliability

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/miniagent"
	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// moments are those at which a job is cancelled: the fault that holds the step there, by
// the name that the page has for it.
var moments = []fault{
	{"the proxy is silent", "proxy:break=request-silence,for=LEG"},
	{"the TLS handshake is not answered", "LEG:break=connect-silence"},
	{"the request is not answered", "LEG:break=request-silence"},
	{"the header of the answer stops", "LEG:break=header-silence"},
	{"the body of the answer stops", "LEG:break=body-silence"},
	{"the answer drips", "LEG:drip"},
	{"the step pauses before another try", "LEG:status=503"},
}

// TestCancel cancels a job at every phase of every leg: the step ends by the first
// signal, says so, exports nothing and leaves nothing behind. The agent's patience with
// that signal has no end here, so a step that ignored it would never return.
func TestCancel(t *testing.T) {
	a := newAgent(t)
	onPage(t, "cancelled")
	for _, l := range legs {
		for _, m := range moments {
			if l.action == "AssumeRole" && (strings.HasPrefix(m.text, "proxy") || strings.Contains(m.text, "connect")) {
				continue // the second role uses the connection of the first
			}
			for _, mode := range []string{"variables", "profile"} {
				if mode == "profile" && m.what != "the request is not answered" {
					continue
				}
				t.Run(l.name+", "+m.what+", "+mode, func(t *testing.T) {
					t.Parallel()
					a.cancelled(t, m.on(l), mode)
				})
			}
			onPage(t, m.what)
		}
	}
}

func (a *agent) cancelled(t *testing.T, r row, mode string) {
	t.Helper()
	w := a.world(t)
	inputs := map[string]string{"timeoutSeconds": "600", "exportAs": mode}
	maps.Copy(inputs, r.leg.inputs)
	job := a.job(t, w, a.workDir(t), sandbox.EnvOptions{TLS: true}, r.leg.connection, inputs)
	job.Waits = miniagent.Waits{Sigint: time.Hour}
	shown := w.Shown()
	if err := w.SetFaults(r.faults...); err != nil {
		t.Fatal(err)
	}
	cancel := make(chan struct{})
	job.Cancel = cancel
	go func() {
		<-shown
		close(cancel)
	}()
	a.slots <- struct{}{}
	defer func() { <-a.slots }()
	result, err := miniagent.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != miniagent.Canceled {
		t.Errorf("the job is %s", result.Outcome)
	}
	if !strings.HasPrefix(said(result), "AAR-CANCELED: ") {
		t.Errorf("the step says %q", said(result))
	}
	exports(t, result)
	a.check(t, w, job, result)
	if t.Failed() {
		t.Logf("the log:\n%s", strings.Join(result.Log, "\n"))
	}
}
